/**
 * What a node needs for TLS, as texts: the runtime makes a transport of it. Between nodes it is mutual. Reads no files and
 * knows no library.
 */

import type { Transport } from "./transport.ts";

/** Certificate, with those between it and its CA, and private key, in PEM form: who serves strangers needs no more. */
export interface KeyPairTexts {
  readonly certificate: string;
  readonly key: string;
}

/** Certificate, private key and CA of one node, in PEM form. */
export interface TlsTexts extends KeyPairTexts {
  readonly authority: string;
}

/** What is wrong with one of them: the key of its table that it came from, and the rest of a fault. Never a secret. */
export interface KeyPairProblem {
  readonly key: "cert_file" | "key_file";
  readonly found: string;
  readonly allowed: string;
}

export interface TlsProblem {
  readonly key: KeyPairProblem["key"] | "ca_file";
  readonly found: string;
  readonly allowed: string;
}

export type SecureTransportResult =
  | { readonly kind: "ok"; readonly transport: Transport; readonly validToMs: number }
  | { readonly kind: "problem"; readonly problem: TlsProblem };

/** Makes a transport that takes and makes no conn without TLS, as the node that `name` is the certificate name of. */
export type SecureTransport = (texts: TlsTexts, name: string) => SecureTransportResult;

/**
 * X.509 certificates: the names that one holds, whether a set of certificate, key and CA can be used, and why a
 * handshake came to nothing, in words. Decides nothing about who may link: that is link/accept_policy.ts.
 */

import { createPrivateKey, X509Certificate } from "node:crypto";
import { createSecureContext } from "node:tls";
import { messageOf } from "#base/log.ts";
import { namesText } from "#link/accept_policy.ts";
import type { KeyPairProblem, KeyPairTexts, TlsProblem, TlsTexts } from "#link/tls.ts";
import type { TlsFault } from "#link/transport.ts";

const BEGIN = "-----BEGIN CERTIFICATE-----";
/** CAs in one file: enough for any change from one to the next. */
const AUTHORITIES_MAX = 16;

/** Why TLS came to nothing, for programs and for people. */
export interface Distrust {
  readonly fault: TlsFault;
  readonly reason: string;
}

/** The DNS names; other kinds, and a name that needs quotes, name no node. */
export function dnsNames(certificate: string | Uint8Array): readonly string[] {
  const text = new X509Certificate(certificate).subjectAltName ?? "";
  return text.split(", ").flatMap((each) => (/^DNS:[^"]+$/.test(each) ? [each.slice("DNS:".length)] : []));
}

/** Milliseconds since 1970 when the certificate ends. */
export function validToMs(certificate: string): number {
  return Date.parse(new X509Certificate(certificate).validTo);
}

/** What makes these texts useless as the identity of `name`, or undefined. Says nothing of what a key holds. */
export function tlsProblem(texts: TlsTexts, name: string): TlsProblem | undefined {
  const authorities = texts.authority.split(BEGIN).slice(1);
  if (authorities.length === 0 || authorities.length > AUTHORITIES_MAX) {
    const found = authorities.length === 0 ? "no certificate in it" : `${authorities.length} certificates`;
    return { key: "ca_file", found, allowed: `1 to ${AUTHORITIES_MAX} certificates in PEM form` };
  }
  for (const each of authorities) {
    const authority = parsed(() => new X509Certificate(BEGIN + each));
    if (authority === undefined) return { key: "ca_file", found: "what is no certificate", allowed: "PEM" };
    if (!authority.ca)
      return { key: "ca_file", found: "a certificate that is no CA's", allowed: "basicConstraints CA:TRUE" };
  }
  const unread = certificateProblem(texts);
  if (unread !== undefined) return unread;
  const names = dnsNames(texts.certificate);
  if (!names.some((each) => each.toLowerCase() === name)) {
    return {
      key: "cert_file",
      found: `a certificate for ${namesText(names)}`,
      allowed: `one for ${name} (DNS in subjectAltName)`,
    };
  }
  return keyProblem(texts);
}

/** What makes these texts useless to serve strangers with, or undefined. Under which names they know us is not asked. */
export function keyPairProblem(texts: KeyPairTexts): KeyPairProblem | undefined {
  const problem = certificateProblem(texts) ?? keyProblem(texts);
  if (problem !== undefined) return problem;
  try {
    createSecureContext({ cert: texts.certificate, key: texts.key });
    return undefined;
  } catch (error) {
    const found = `what cannot be used: ${shortened(messageOf(error))}`;
    return { key: "cert_file", found, allowed: "certificates in PEM form, the server's own first" };
  }
}

function certificateProblem({ certificate }: KeyPairTexts): KeyPairProblem | undefined {
  if (parsed(() => new X509Certificate(certificate)) !== undefined) return undefined;
  return { key: "cert_file", found: "no certificate in it", allowed: "a certificate in PEM form" };
}

function keyProblem(texts: KeyPairTexts): KeyPairProblem | undefined {
  const key = parsed(() => createPrivateKey(texts.key));
  if (key === undefined)
    return { key: "key_file", found: "no key in it", allowed: "a private key in PEM form, without a passphrase" };
  if (new X509Certificate(texts.certificate).checkPrivateKey(key)) return undefined;
  const allowed = "the key of the certificate in cert_file";
  return { key: "key_file", found: "the key of another certificate", allowed };
}

/** Why the handshake failed: `error` as the runtime tells it. */
export function handshakeFault(error: unknown): Distrust {
  const code = error instanceof Error && "code" in error ? String(error.code) : "";
  const text = messageOf(error);
  const bad = (reason: string) => ({ fault: "bad_certificate", reason }) as const;
  const known = CERTIFICATE_CODES[code];
  if (known !== undefined) return bad(known);
  if (text.includes("PEER_DID_NOT_RETURN_A_CERTIFICATE")) return bad("the other end shows no certificate");
  if (isCertificateAlert(text)) return bad(`the other end does not take our certificate: ${shortened(text)}`);
  if (NO_TLS.some((each) => text.includes(each))) return { fault: "tls_failed", reason: "the other end speaks no TLS" };
  return { fault: "tls_failed", reason: shortened(text) };
}

/** An alert in which the other end tells what is wrong with our certificate. */
export function isCertificateAlert(text: string): boolean {
  return /ALERT_(?:BAD_CERTIFICATE|UNKNOWN_CA|UNSUPPORTED_CERTIFICATE|CERTIFICATE_\w+|ACCESS_DENIED)/.test(text);
}

const NOT_OURS = "the certificate of the other end is not signed by our CA";
const CERTIFICATE_CODES: Readonly<Record<string, string | undefined>> = {
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: NOT_OURS,
  UNABLE_TO_GET_ISSUER_CERT: NOT_OURS,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: NOT_OURS,
  SELF_SIGNED_CERT_IN_CHAIN: NOT_OURS,
  DEPTH_ZERO_SELF_SIGNED_CERT: NOT_OURS,
  CERT_SIGNATURE_FAILURE: NOT_OURS,
  CERT_UNTRUSTED: NOT_OURS,
  CERT_HAS_EXPIRED: "the certificate of the other end has expired",
  CERT_NOT_YET_VALID: "the certificate of the other end is not valid yet",
  INVALID_CA: NOT_OURS,
  INVALID_PURPOSE: "the certificate of the other end, or one that signed it, is for another purpose",
};
const NO_TLS = ["WRONG_VERSION_NUMBER", "HTTP_REQUEST", "UNKNOWN_PROTOCOL"];

/** Without the library's own numbers and file names in front. */
function shortened(text: string): string {
  return text.slice(text.lastIndexOf(":") + 1).slice(0, 200);
}

function parsed<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}

/**
 * The transport of one node: the runtime's plain one, or with `[tls]` one that knows nothing but TLS. What the files
 * hold is checked before the node starts; it is read once, so a new certificate takes effect with a new start.
 */

import { certificateName } from "#link/accept_policy.ts";
import type { TlsProblem } from "#link/tls.ts";
import type { Transport } from "#link/transport.ts";
import { faultText } from "../config/fault.ts";
import type { NodePlan } from "../config/plan.ts";
import { readSecret, type SecretReader } from "./secrets.ts";
import type { Runtime, StartFailure } from "./types.ts";

const EXIT_CONFIG = 2;
const DAY_MS = 86_400_000;
/** A certificate that ends within so many days is worth a warning. */
const WARNED_DAYS = 30;

type Key = TlsProblem["key"];

type TlsReader = SecretReader & { readonly runtime: Runtime };

export function transportOf(
  plan: Pick<NodePlan, "tls" | "self" | "cluster">,
  reader: TlsReader,
): { readonly kind: "ok"; readonly transport: Transport } | StartFailure {
  const { runtime, log } = reader;
  if (plan.tls === undefined) return { kind: "ok", transport: runtime.transport };
  if (runtime.secureTransport === undefined) return failed(["Cannot use [tls]: this runtime has no TLS between nodes"]);
  const paths: Record<Key, string> = {
    cert_file: plan.tls.certFile,
    key_file: plan.tls.keyFile,
    ca_file: plan.tls.caFile,
  };
  const texts = readAll(paths, reader);
  if (texts.kind === "failed") return texts;
  const made = runtime.secureTransport(texts.texts, certificateName(plan.self, plan.cluster));
  if (made.kind === "problem") {
    const { key, found, allowed } = made.problem;
    return failed([faultText({ file: paths[key], place: `tls.${key}`, found, allowed })]);
  }
  const leftMs = made.validToMs - runtime.clock.wallMs();
  const about = { path: paths.cert_file, validTo: new Date(made.validToMs).toISOString() };
  // It is no reason not to start: nobody links with it, and each end says why.
  if (leftMs <= 0) log.error("certificate has expired", about);
  else if (leftMs < WARNED_DAYS * DAY_MS) log.warn("certificate ends soon", about);
  return { kind: "ok", transport: made.transport };
}

function readAll(
  paths: Record<Key, string>,
  reader: SecretReader,
):
  | {
      readonly kind: "ok";
      readonly texts: { readonly certificate: string; readonly key: string; readonly authority: string };
    }
  | StartFailure {
  const lines: string[] = [];
  const read = (key: Key): string => {
    const path = paths[key];
    // Certificates are no secrets: anybody may read them.
    const text = readSecret({ kind: "file", path }, key === "key_file" ? reader : { ...reader, isPublic: true });
    if (text.kind === "ok") return text.value;
    lines.push(`Cannot read tls.${key} ${path}: ${text.reason}`);
    return "";
  };
  const texts = { certificate: read("cert_file"), key: read("key_file"), authority: read("ca_file") };
  return lines.length > 0 ? failed(lines) : { kind: "ok", texts };
}

function failed(lines: readonly string[]): StartFailure {
  return { kind: "failed", code: EXIT_CONFIG, lines };
}

/**
 * The table `[tls]` of the cluster file: where a node finds certificate, key and CA. All three or no table. One file
 * serves all nodes, so `{role}` and `{id}` in a path stand for those of the node that reads it. Reads nothing itself.
 */

import * as v from "valibot";
import type { Role } from "#wire/role.ts";
import { shown } from "./fault.ts";

const PATH = "a path, in which {role} and {id} stand for those of the node";
const PATH_LENGTH_MAX = 4096;
/** Names in certificates are DNS names. */
const DNS_NAME = /^(?=.{1,64}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;

const path = v.pipe(
  v.string(PATH),
  v.minLength(1, PATH),
  v.maxLength(PATH_LENGTH_MAX, PATH),
  v.check((text) => !/[{}]/.test(text.replaceAll(/\{(?:role|id)\}/g, "")), PATH),
);

export const tlsTable = v.object({ cert_file: path, key_file: path, ca_file: path });
export type RawTls = v.InferOutput<typeof tlsTable>;

/** Paths of one node, or of all with the placeholders still in them. */
export interface TlsFiles {
  readonly certFile: string;
  readonly keyFile: string;
  readonly caFile: string;
}

/** `cluster`: its name; undefined while that is not well-formed. */
export function tlsConfig(
  raw: RawTls,
  cluster: string | undefined,
  fault: (place: string, found: string, allowed: string) => void,
): TlsFiles {
  if (cluster !== undefined && !DNS_NAME.test(cluster)) {
    fault("cluster.name", `${shown(cluster)} beside [tls]`, 'letters, digits, "-" and ".", as in a DNS name');
  }
  return { certFile: raw.cert_file, keyFile: raw.key_file, caFile: raw.ca_file };
}

export function tlsFilesOf(files: TlsFiles, node: { readonly role: Role; readonly number: number }): TlsFiles {
  const filled = (text: string): string => text.replaceAll("{role}", node.role).replaceAll("{id}", String(node.number));
  return { certFile: filled(files.certFile), keyFile: filled(files.keyFile), caFile: filled(files.caFile) };
}

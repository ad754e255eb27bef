/**
 * The table `[tls]` of the cluster file: where a node finds certificate, key and CA. All three or no table. One file
 * serves all nodes, so `{role}` and `{id}` in a path stand for those of the node that reads it; so it is with `tls` of
 * `[players]`, which has no CA. Reads nothing itself.
 */

import * as v from "valibot";
import type { Role } from "#wire/role.ts";
import { shown } from "./fault.ts";

const PATH = "a path, in which {role} and {id} stand for those of the node";
const PATH_LENGTH_MAX = 4096;
/** Names in certificates are DNS names. */
const DNS_NAME = /^(?=.{1,64}$)[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*$/i;

/** Of a file that each node may have one of its own of. */
export const nodePath = v.pipe(
  v.string(PATH),
  v.minLength(1, PATH),
  v.maxLength(PATH_LENGTH_MAX, PATH),
  v.check((text) => !/[{}]/.test(text.replaceAll(/\{(?:role|id)\}/g, "")), PATH),
);

export const tlsTable = v.object({ cert_file: nodePath, key_file: nodePath, ca_file: nodePath });
export type RawTls = v.InferOutput<typeof tlsTable>;

/** Paths of one node, or of all with the placeholders still in them. */
export interface KeyPairFiles {
  readonly certFile: string;
  readonly keyFile: string;
}

export interface TlsFiles extends KeyPairFiles {
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

interface NodeName {
  readonly role: Role;
  readonly number: number;
}

export function tlsFilesOf(files: TlsFiles, node: NodeName): TlsFiles {
  return { ...keyPairFilesOf(files, node), caFile: filled(files.caFile, node) };
}

export function keyPairFilesOf({ certFile, keyFile }: KeyPairFiles, node: NodeName): KeyPairFiles {
  return { certFile: filled(certFile, node), keyFile: filled(keyFile, node) };
}

function filled(path: string, { role, number }: NodeName): string {
  return path.replaceAll("{role}", role).replaceAll("{id}", String(number));
}

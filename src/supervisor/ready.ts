/**
 * When the cluster is ready, and what is then said: every node of the file is known to the node that serves the
 * admin API and holds the current versions. Pure; supervisor.ts asks and prints.
 */

import * as v from "valibot";
import type { Address } from "#link/transport.ts";
import { addressText } from "#link/transport.ts";
import type { NodeId } from "#wire/role.ts";
import { isWildcard } from "../config/address.ts";
import type { AdminToken } from "../config/secrets.ts";
import type { NodeConfig } from "../config/types.ts";

/** What is read of `GET /api/nodes`; the rest of a row is of no interest here. */
const NodesBody = v.object({
  nodes: v.array(
    v.object({ id: v.string(), boot: v.string(), startedAtMs: v.number(), gateway: v.string(), current: v.boolean() }),
  ),
});
export type SeenNode = v.InferOutput<typeof NodesBody>["nodes"][number];

/** Undefined when the body is not such a list. */
export function seenNodes(body: unknown): readonly SeenNode[] | undefined {
  const result = v.safeParse(NodesBody, body);
  return result.success ? result.output.nodes : undefined;
}

/** What is read of `GET /api/links`. */
const LinksBody = v.object({
  links: v.array(v.object({ node: v.string(), peer: v.string(), state: v.string(), boot: v.optional(v.string()) })),
});

/** Undefined when the body is not such a list. */
export function seenLinks(body: unknown): v.InferOutput<typeof LinksBody>["links"] | undefined {
  const result = v.safeParse(LinksBody, body);
  return result.success ? result.output.links : undefined;
}

export interface Missing {
  readonly id: NodeId;
  readonly reason: "not reached" | "behind";
}

export function missingNodes(wanted: readonly NodeConfig[], seen: readonly SeenNode[]): Missing[] {
  return wanted.flatMap(({ id }): Missing[] => {
    const row = seen.find((each) => each.id === id);
    if (row === undefined) return [{ id, reason: "not reached" }];
    return row.current ? [] : [{ id, reason: "behind" }];
  });
}

/** An example to paste; main.ts knows which kinds of activity there are. */
export interface ExampleActivity {
  readonly id: string;
  readonly kind: string;
  readonly config: unknown;
}

export interface ReadyText {
  readonly nodes: readonly NodeConfig[];
  readonly seen: readonly SeenNode[];
  readonly tookMs: number;
  readonly admin: Address;
  readonly token: TokenPlace;
  readonly example: ExampleActivity | undefined;
}

/** Where an operator's token stands; its value is never printed. */
export interface TokenPlace {
  readonly file: string;
  readonly token: AdminToken;
  /** It is all that stands in the file, so `cut` finds it. */
  readonly isAlone: boolean;
}

export function readyText(of: ReadyText): string {
  const url = adminUrl(of.admin);
  const lines = [
    nodeTable(of.nodes, of.seen),
    "",
    `ready: ${of.nodes.length} nodes in ${(of.tookMs / 1000).toFixed(1)} s`,
    `admin: ${url}`,
    `token: ${of.token.file} (${of.token.token.name}, ${of.token.token.role})`,
  ];
  if (of.example !== undefined && of.token.token.role === "operate") {
    lines.push("", "To open an activity, paste:", "", `  ${openLine(url, of.token, of.example)}`, "");
  }
  return lines.join("\n");
}

/** Opens the activity, and when it is open answers the same again. */
export function openLine(url: string, token: TokenPlace, example: ExampleActivity): string {
  const body = JSON.stringify({ id: example.id, kind: example.kind, config: example.config, open: true });
  const path = shellWord(token.file);
  const read = token.isAlone ? `cut -d' ' -f3 ${path}` : `awk '$1=="${token.token.name}"{print $3}' ${path}`;
  return [
    "curl -sS -X POST",
    `-H "authorization: Bearer $(${read})"`,
    "-H 'content-type: application/json'",
    `-d ${shellWord(body)}`,
    shellWord(`${url}/api/activities`),
  ].join(" ");
}

/** Where the admin API of this machine is asked: a wildcard is bound on loopback as well. */
export function adminUrl(address: Address): string {
  if (!isWildcard(address.host)) return `http://${addressText(address)}`;
  return `http://${addressText({ host: address.host.includes(":") ? "::1" : "127.0.0.1", port: address.port })}`;
}

function nodeTable(nodes: readonly NodeConfig[], seen: readonly SeenNode[]): string {
  const rows = nodes.map((node) => {
    const row = seen.find((each) => each.id === node.id);
    return [
      node.id,
      node.shard === 0 ? "-" : String(node.shard),
      (row?.boot ?? "").slice(0, 8),
      row === undefined || row.gateway === node.id ? "-" : row.gateway,
      node.address === undefined ? "-" : addressText(node.address),
    ];
  });
  const table = [["node", "shard", "boot", "attached to", "address"], ...rows];
  const widths = (table[0] ?? []).map((_, column) => Math.max(...table.map((row) => (row[column] ?? "").length)));
  return table
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function shellWord(text: string): string {
  return /^[A-Za-z0-9_./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

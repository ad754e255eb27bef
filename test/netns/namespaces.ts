/**
 * Machines as network namespaces: each has an address of its own on a bridge, which is in a namespace as well, so that
 * nothing is left in the system once the namespaces are gone. Their names begin with the process that made them; what a
 * killed run has left is removed by the next one.
 */

import { existsSync } from "node:fs";
import { within } from "../cluster/harness/life.ts";

const PREFIX = "kuafu-test";
let made = 0;
/** Also when a test has run into its time limit. */
const left = new Set<string>();
process.on("exit", () => {
  for (const name of left) run(["ip", "netns", "delete", name]);
});

/** Why there can be none here, or undefined. */
export function cannotHaveNamespaces(): string | undefined {
  const name = `${PREFIX}-${process.pid}-probe`;
  const added = run(["ip", "netns", "add", name]);
  if (added !== undefined) return added;
  const filtered = run([...within(name), "nft", "add", "table", "inet", "probe"]);
  const bridged = run(["ip", "-n", name, "link", "add", "bridge0", "type", "bridge"]);
  run(["ip", "netns", "delete", name]);
  return filtered ?? bridged;
}

/** Removes what runs that are gone have left. */
export function sweepNamespaces(): void {
  const listed = Bun.spawnSync({ cmd: ["ip", "netns", "list"], stderr: "ignore" });
  for (const line of listed.stdout.toString().split("\n")) {
    const [name = ""] = line.split(" ");
    const [, pid] = new RegExp(`^${PREFIX}-([0-9]+)-`).exec(name) ?? [];
    if (pid !== undefined && !existsSync(`/proc/${pid}`)) run(["ip", "netns", "delete", name]);
  }
}

export interface Machine {
  readonly namespace: string;
  readonly address: string;
}

export class Namespaces {
  readonly #names: string[] = [];

  readonly machines: readonly Machine[];

  /** Machines that reach each other. */
  constructor(count: number) {
    try {
      this.machines = this.#make(count);
    } catch (error) {
      this.remove();
      throw error;
    }
  }

  #make(count: number): readonly Machine[] {
    made += 1;
    const name = (part: string): string => `${PREFIX}-${process.pid}-${made}${part}`;
    const bridge = name("bridge");
    this.#add(bridge);
    must(["ip", "-n", bridge, "link", "add", "bridge0", "type", "bridge"]);
    must(["ip", "-n", bridge, "link", "set", "bridge0", "up"]);
    return Array.from({ length: count }, (_, index): Machine => {
      const namespace = name(`machine${index + 1}`);
      const address = `10.77.0.${index + 1}`;
      const port = `port${index + 1}`;
      this.#add(namespace);
      must(["ip", "-n", bridge, "link", "add", port, "type", "veth", "peer", "name", "eth0", "netns", namespace]);
      must(["ip", "-n", bridge, "link", "set", port, "master", "bridge0", "up"]);
      must(["ip", "-n", namespace, "address", "add", `${address}/24`, "dev", "eth0"]);
      must(["ip", "-n", namespace, "link", "set", "eth0", "up"]);
      return { namespace, address };
    });
  }

  remove(): void {
    for (const name of this.#names.splice(0)) {
      if (run(["ip", "netns", "delete", name]) === undefined) left.delete(name);
    }
  }

  #add(name: string): void {
    must(["ip", "netns", "add", name]);
    this.#names.push(name);
    left.add(name);
    must(["ip", "-n", name, "link", "set", "lo", "up"]);
  }
}

/** What a machine does to packets, in the words of nftables; nothing is "accept". */
export interface Filter {
  readonly input?: string;
  readonly output?: string;
}

/** Replaces what was there before. Loopback is left alone. */
export function filter(machine: Machine, rules: Filter | undefined): void {
  const lines = ["add table inet kuafu", "delete table inet kuafu"];
  if (rules !== undefined) lines.push("add table inet kuafu");
  for (const [hook, side] of [
    ["input", "iifname"],
    ["output", "oifname"],
  ] as const) {
    const rule = rules?.[hook];
    if (rule === undefined) continue;
    lines.push(`add chain inet kuafu ${hook} { type filter hook ${hook} priority 0; }`);
    lines.push(`add rule inet kuafu ${hook} ${side} != "lo" ${rule}`);
  }
  must([...within(machine.namespace), "nft", "-f", "-"], `${lines.join("\n")}\n`);
}

function must(cmd: readonly string[], input?: string): void {
  const failed = run(cmd, input);
  if (failed !== undefined) throw new Error(`Cannot run ${cmd.join(" ")}: ${failed}`);
}

/** What it said when it failed, or undefined. */
function run(cmd: readonly string[], input = ""): string | undefined {
  try {
    const done = Bun.spawnSync({ cmd: [...cmd], stdin: Buffer.from(input), stdout: "ignore", stderr: "pipe" });
    return done.exitCode === 0 ? undefined : done.stderr.toString().trim() || `code ${done.exitCode}`;
  } catch (error) {
    return `${cmd[0] ?? ""}: ${String(error)}`;
  }
}

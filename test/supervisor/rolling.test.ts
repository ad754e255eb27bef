import { describe, expect, test } from "#test";
import type { NodeId } from "#wire/role.ts";
import type { RollingPort, SeenCluster } from "../../src/supervisor/rolling.ts";
import { STEP_MS_MAX, notBack, restartSteps, rollingRestart } from "../../src/supervisor/rolling.ts";
import { configOf, HEAD } from "../config/parsed.ts";
import { FakeClock } from "./fake_clock.ts";
import { keptLog } from "./fake_files.ts";

function node(role: string, number: number, more = ""): string {
  const listen = role.endsWith("gateway") ? `listen = "127.0.0.1:${7000 + number + role.length * 10}"\n` : "";
  return `[[node]]\nrole = "${role}"\nid = ${number}\n${listen}${more}\n`;
}

const { nodes } = configOf(
  HEAD +
    node("gateway", 1) +
    node("center", 1) +
    node("user", 101) +
    node("map", 101, 'on_gateway_death = "clear_logins"') +
    node("cross_center", 1) +
    node("cross_gateway", 1) +
    node("cross_gateway", 2),
);

/** A cluster whose nodes come back as told. */
class Rolled implements RollingPort {
  readonly clock = new FakeClock();
  readonly log = keptLog();
  readonly did: string[] = [];
  readonly lives = new Map<string, number>(nodes.map(({ id }) => [id, 1]));
  readonly held = new Set<string>();
  readonly lost = new Set<string>();
  /** Ends slowly. */
  slow: string | undefined;
  /** Does not come back. */
  broken: string | undefined;
  stopping = false;

  hold(ids: readonly NodeId[]): void {
    this.did.push(`hold ${ids.join(" ")}`);
    for (const id of ids) if (id !== this.slow) this.held.add(id);
  }
  release(ids: readonly NodeId[]): void {
    this.did.push(`release ${ids.join(" ")}`);
    for (const id of ids) {
      this.held.delete(id);
      if (id === this.broken) this.lost.add(id);
      this.lives.set(id, (this.lives.get(id) ?? 0) + 1);
    }
  }
  isHeld(id: NodeId): boolean {
    return this.held.has(id);
  }
  isStopping(): boolean {
    return this.stopping;
  }
  seen(): Promise<SeenCluster | undefined> {
    return Promise.resolve(seenOf(this));
  }
  run() {
    return rollingRestart(nodes, { port: this, clock: this.clock, log: this.log });
  }
}

function seenOf(of: { readonly lives: ReadonlyMap<string, number>; readonly lost: ReadonlySet<string> }): SeenCluster {
  const alive = nodes.filter(({ id }) => !of.lost.has(id));
  const boot = (id: string): string => `life ${of.lives.get(id) ?? 0}`;
  return {
    nodes: alive.map(({ id }) => ({ id, boot: boot(id), startedAtMs: 1, gateway: id, current: true })),
    links: alive.flatMap(({ id, dials }) =>
      dials.map((peer) => ({ node: id, peer, state: of.lost.has(peer) ? "backing_off" : "up", boot: boot(peer) })),
    ),
  };
}

describe("Rolling restart", () => {
  test("one cross gateway, one cross node, one shard at a time; in a shard the followers end before the gateway", () => {
    expect(restartSteps(nodes)).toEqual([
      [["cross_gateway:1"]],
      [["cross_gateway:2"]],
      [["cross_center:1"]],
      [["center:1", "user:101"], ["gateway:1"]],
      [["map:101"]],
    ] as unknown as ReturnType<typeof restartSteps>);
  });

  test("goes through all of them, each once", async () => {
    const at = new Rolled();
    const result = at.run();
    await at.clock.advance(10_000);
    expect(await result).toEqual({ kind: "done" });
    expect(at.did).toEqual([
      "hold cross_gateway:1",
      "release cross_gateway:1",
      "hold cross_gateway:2",
      "release cross_gateway:2",
      "hold cross_center:1",
      "release cross_center:1",
      "hold center:1 user:101",
      "hold gateway:1",
      "release center:1 user:101 gateway:1",
      "hold map:101",
      "release map:101",
    ]);
  });

  test("waits for a node that ends slowly before it goes on", async () => {
    const at = new Rolled();
    at.slow = "user:101";
    const result = at.run();
    await at.clock.advance(9_000);
    expect(at.did.at(-1)).toBe("hold center:1 user:101");
    at.held.add("user:101");
    await at.clock.advance(1_000);
    expect([await result, at.did.length]).toEqual([{ kind: "done" }, 11]);
  });

  test("begins nothing while something is missing, and gives up with its name when a node does not come back", async () => {
    const missing = new Rolled();
    missing.lost.add("map:101");
    const first = missing.run();
    await missing.clock.advance(STEP_MS_MAX + 1_000);
    expect(await first).toEqual({
      kind: "given_up",
      reason: "it is not whole now: map:101 is not reached, map:101 is not linked to gateway:1",
      nodes: [],
    });
    expect(missing.did).toEqual([]);

    const at = new Rolled();
    at.broken = "cross_gateway:1";
    const result = at.run();
    await at.clock.advance(STEP_MS_MAX + 1_000);
    const given = await result;
    expect(given.kind === "given_up" ? given.nodes.map(String) : given.kind).toEqual(["cross_gateway:1"]);
    expect(at.did).toEqual(["hold cross_gateway:1", "release cross_gateway:1"]);
  });

  test("ends when all nodes are being stopped", async () => {
    const at = new Rolled();
    at.slow = "cross_gateway:1";
    const result = at.run();
    await at.clock.advance(1_000);
    at.stopping = true;
    await at.clock.advance(1_000);
    expect(await result).toEqual({ kind: "given_up", reason: "all nodes are being stopped", nodes: [] });
    expect(at.did).toEqual(["hold cross_gateway:1"]);
  });

  test("a node is back under a new boot, with its links, and with those that dial it linked to that boot", () => {
    const at = new Rolled();
    const before = new Map([["gateway:1", "life 1"]]);
    expect(notBack(nodes, seenOf(at), before)).toEqual(["gateway:1 is seen with its old boot"]);
    at.lives.set("gateway:1", 2);
    expect(notBack(nodes, seenOf(at), before)).toEqual([]);
    const seen = seenOf(at);
    const links = seen.links.map((link) => (link.node === "center:1" ? { ...link, boot: "life 1" } : link));
    expect(notBack(nodes, { ...seen, links }, before)).toEqual(["center:1 is not linked to gateway:1"]);
    expect(notBack(nodes, { ...seen, links: [] }, before).length).toBe(8);
  });
});

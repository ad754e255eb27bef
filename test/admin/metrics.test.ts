/** /metrics: who may read it, what it says of a node, and that its series stay few. */

import { describe, expect, test } from "#test";
import { COUNTER_HELP } from "#admin/metrics/counter_metrics.ts";
import { LAG_INTERVAL_MS } from "#admin/metrics/loop_lag.ts";
import { ALARM_KINDS_MAX, NodeMetrics } from "#admin/metrics/node_metrics.ts";
import { isLoopback } from "#admin/routes/metrics.ts";
import type { Clock } from "#base/clock.ts";
import type { ReadUsage } from "#base/process_usage.ts";
import { World } from "../link/harness.ts";
import { nodeOn } from "../module/node_on.ts";
import { Fixture, READ_SECRET } from "./fixture.ts";

const USAGE: ReadUsage = () => ({ residentSize: 50_000_000, cpuMs: 1_500 });

function setup(usage: ReadUsage | undefined = USAGE, clockOf: (clock: Clock) => Clock = (clock) => clock) {
  const world = new World();
  const { node } = nodeOn(world, "cross_gateway:1");
  const metrics = new NodeMetrics({ node, release: "1.2.3", clock: clockOf(world.clock), usage });
  metrics.start();
  return { world, node, metrics };
}

/** Lines that are no comments, by series. */
async function seriesOf(metrics: NodeMetrics): Promise<Map<string, string>> {
  const lines = (await metrics.text()).split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), line.slice(line.lastIndexOf(" ") + 1)]));
}

describe("Metrics of a node", () => {
  test("say what it is, what it counts, and what its process uses, in the units of Prometheus", async () => {
    const { node, metrics } = setup();
    node.counters.add("link.refused:too_many_links", 3);
    node.counters.add("rpc.retries", 2);
    node.alarms.raise("orphan:activity/cross_center:1/boss");
    node.alarms.raise("orphan:activity/cross_center:1/race");
    const series = await seriesOf(metrics);
    const build = 'kuafu_build_info{release="1.2.3",node="cross_gateway:1",role="cross_gateway",shard="0"}';
    expect(series.get(build)).toBe("1");
    expect(series.get('kuafu_link_refused_total{reason="too_many_links"}')).toBe("3");
    expect(series.get("kuafu_rpc_retries_total")).toBe("2");
    expect(series.get("kuafu_mesh_source_refused_total")).toBe("0");
    expect(series.get('kuafu_alarms{alarm="orphan"}')).toBe("2");
    expect(series.get('kuafu_alarms{alarm="fenced"}')).toBe("0");
    expect(series.get("process_cpu_seconds_total")).toBe("1.5");
    expect(series.get("process_resident_memory_bytes")).toBe("50000000");
    expect(series.get("kuafu_process_queue_limit_bytes")).toBe(String(256 * 1024 * 1024));
  });

  test("do not add a count twice when they are asked for twice", async () => {
    const { node, metrics } = setup();
    node.counters.add("rpc.retries", 2);
    await metrics.text();
    node.counters.add("rpc.retries", 1);
    expect((await seriesOf(metrics)).get("kuafu_rpc_retries_total")).toBe("3");
    expect((await seriesOf(metrics)).get("process_cpu_seconds_total")).toBe("1.5");
  });

  test("leave out what the runtime does not say", async () => {
    const without = await seriesOf(setup(() => ({ residentSize: 1, cpuMs: undefined })).metrics);
    expect(without.has("process_resident_memory_bytes")).toBe(true);
    expect(without.has("process_cpu_seconds_total")).toBe(false);
    const world = new World();
    const { node } = nodeOn(world, "cross_gateway:1");
    const none = new NodeMetrics({ node, release: "1.2.3", clock: world.clock, usage: undefined });
    expect([...(await seriesOf(none)).keys()].filter((name) => name.startsWith("process_"))).toEqual([]);
  });

  test("count links by relation and state, and nodes by role", async () => {
    const { world, node, metrics } = setup();
    await node.start();
    const other = world.node({ role: "cross_center", number: 5 });
    if (node.listening === undefined) throw new Error("it does not listen");
    other.hub.dial({ role: "cross_gateway", number: 1 }, node.listening);
    world.clock.run(1_500);
    const series = await seriesOf(metrics);
    expect(series.get('kuafu_links{relation="below",state="up"}')).toBe("1");
    expect(series.get('kuafu_links{relation="above",state="backing_off"}')).toBe("0");
    expect(series.get('kuafu_nodes_reachable{role="cross_center"}')).toBe("1");
    expect(series.get('kuafu_nodes_reachable{role="user"}')).toBe("0");
    expect(series.get("kuafu_links_unproved")).toBe("0");
    expect(Number(series.get('kuafu_link_round_trip_max_seconds{relation="below"}')) * 1_000).toBe(2);
    node.close();
  });

  test("have a name, a unit and a help that Prometheus takes", async () => {
    const { node, metrics } = setup();
    node.counters.add('Odd name-1.a b:why "now"\n', 1);
    const text = await metrics.text();
    const types = [...text.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type = ""]) => ({ name, type }));
    expect(types.length).toBeGreaterThan(40);
    expect(new Set(types.map(({ name }) => name)).size).toBe(types.length);
    for (const { name, type } of types) {
      expect([name, /^(kuafu|process)_[A-Za-z0-9_]+$/.test(name)]).toEqual([name, true]);
      expect([name, name.endsWith("_total")]).toEqual([name, type === "counter"]);
      expect([name, /milli|_ms|_size/.test(name)]).toEqual([name, false]);
    }
    expect([...text.matchAll(/^# HELP \S+ \S.+$/gm)].length).toBe(types.length);
    for (const line of text.split("\n")) {
      expect([line, /^($|# |[a-z_A-Z0-9]+(\{.*\})? (NaN|[-+0-9.eE]+|\+Inf)$)/.test(line)]).toEqual([line, true]);
    }
  });

  test("observe how late the event loop is, until they are stopped", async () => {
    let lateMs = 0;
    const { world, metrics } = setup(USAGE, (clock) => ({
      nowMs: () => clock.nowMs() + lateMs,
      wallMs: () => clock.wallMs(),
      after: (delayMs, fn) => clock.after(delayMs, fn),
      afterPoll: (fn) => clock.afterPoll(fn),
      soon: (fn) => clock.soon(fn),
    }));
    world.clock.run(LAG_INTERVAL_MS * 3);
    lateMs = 2_000;
    world.clock.run(LAG_INTERVAL_MS);
    const series = await seriesOf(metrics);
    expect(series.get("kuafu_event_loop_lag_seconds_count")).toBe("4");
    expect(series.get('kuafu_event_loop_lag_seconds_bucket{le="0.001"}')).toBe("3");
    expect(series.get('kuafu_event_loop_lag_seconds_bucket{le="2.5"}')).toBe("4");
    metrics.stop();
    world.clock.run(LAG_INTERVAL_MS * 4);
    expect((await seriesOf(metrics)).get("kuafu_event_loop_lag_seconds_count")).toBe("4");
  });

  test("have a bounded number of series, whatever is counted and whatever is wrong", async () => {
    const { node, metrics } = setup();
    const before = (await seriesOf(metrics)).size;
    for (let index = 0; index < 5_000; index += 1) {
      node.counters.add(`link.refused:reason_${index}`);
      node.alarms.raise(`kind_${index}:subject`);
    }
    for (let round = 0; round < 5; round += 1) await metrics.text();
    const series = await seriesOf(metrics);
    expect(series.size - before).toBeLessThan(512 + ALARM_KINDS_MAX + 8);
    expect([...series.keys()].filter((name) => name.startsWith("kuafu_alarms")).length).toBe(ALARM_KINDS_MAX + 1);
    expect(Number(series.get('kuafu_alarms{alarm="other"}'))).toBeGreaterThan(0);
  });

  test("time the handlers of typed calls only while they are served", async () => {
    const { world, node, metrics } = setup();
    await node.start();
    const { caller } = node.endpoint;
    const { RuntimeContract } = await import("#rpc/runtime_contract.ts");
    const ask = async (): Promise<void> => {
      const answered = caller.call(RuntimeContract.describe, {}, { to: { key: node.self.key }, timeoutMs: 1_000 });
      world.clock.run(5);
      await answered;
    };
    await ask();
    expect((await seriesOf(metrics)).get("kuafu_rpc_handler_seconds_count")).toBe("1");
    metrics.stop();
    await ask();
    expect((await seriesOf(metrics)).get("kuafu_rpc_handler_seconds_count")).toBe("1");
    node.close();
  });
});

describe("GET /metrics", () => {
  const source = { contentType: "text/plain; version=0.0.4; charset=utf-8", text: () => Promise.resolve("a 1\n") };

  test("answers who has a token that may read, as text", async () => {
    const fixture = new Fixture(["127.0.0.1"], { metrics: source });
    const answer = await fixture.ask("GET /metrics", { token: READ_SECRET });
    expect([answer.status, answer.headers.get("Content-Type"), await answer.text()]).toEqual([
      200,
      source.contentType,
      "a 1\n",
    ]);
    expect((await fixture.ask("POST /metrics")).status).toBe(405);
  });

  test("asks for a token otherwise, also from loopback", async () => {
    const fixture = new Fixture(["127.0.0.1"], { metrics: source });
    for (const remote of ["127.0.0.1", "10.0.0.9"]) {
      expect((await fixture.ask("GET /metrics", { token: null, remote })).status).toBe(401);
      expect((await fixture.ask("GET /metrics", { token: "wrong-secret-0123456789", remote })).status).toBe(401);
    }
  });

  test("asks nothing of loopback when it is open, and of others all the same", async () => {
    const fixture = new Fixture(["127.0.0.1"], { metrics: source, metricsOpen: true });
    const statusFor = async (path: string, remote: string): Promise<number> =>
      (await fixture.ask(`GET ${path}`, { token: null, remote })).status;
    expect(await statusFor("/metrics", "127.0.0.1:50000")).toBe(200);
    expect(await statusFor("/metrics", "::1")).toBe(200);
    expect(await statusFor("/metrics", "10.0.0.9")).toBe(401);
    expect(await statusFor("/metrics", "unknown")).toBe(401);
    expect(await statusFor("/api/nodes", "127.0.0.1")).toBe(401);
  });

  test("is not for web pages of other origins or names", async () => {
    const fixture = new Fixture(["127.0.0.1"], { metrics: source, metricsOpen: true });
    const headers = { Host: "evil.example" };
    expect((await fixture.ask("GET /metrics", { token: null, headers })).status).toBe(403);
  });
});

describe("isLoopback", () => {
  const cases: readonly (readonly [string, boolean])[] = [
    ["127.0.0.1", true],
    ["127.3.2.1:80", true],
    ["::1", true],
    ["[::1]:80", true],
    ["::ffff:127.0.0.1", true],
    ["[::ffff:127.0.0.1]:80", true],
    ["10.127.0.0.1", false],
    ["127.0.0.1.evil.example", false],
    ["::1:80", false],
    ["::2", false],
    ["", false],
    ["unknown", false],
  ];
  for (const [remote, is] of cases) {
    test(`of ${JSON.stringify(remote)} is ${is}`, () => {
      expect(isLoopback(remote)).toBe(is);
    });
  }
});

describe("COUNTER_HELP", () => {
  test("says of each counter what it counts, as a sentence without an end", () => {
    for (const [name, help] of Object.entries(COUNTER_HELP)) {
      expect([name, /^[a-z_]+\.[a-z_]+$/.test(name), /^[A-Z].*[^.]$/.test(help)]).toEqual([name, true, true]);
    }
  });
});

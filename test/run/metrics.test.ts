/** What runNode gives to the metrics and to the send queues: the keys of the plan and the parts of the process. */

import { describe, expect, test } from "#test";
import type { HttpHandler } from "#base/http_server.ts";
import { seededRandom } from "#base/random.ts";
import { SendBudget } from "#link/send_budget.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import type { NodePlan } from "../../src/config/plan.ts";
import type { RunningNode } from "../../src/run.ts";
import { runNode } from "../../src/run.ts";
import type { Runtime } from "../../src/run/types.ts";
import { planOf, WHOLE } from "../config/parsed.ts";
import { World, digest } from "../link/harness.ts";
import { recordingLog } from "../mesh/harness.ts";

const TOKEN = "t0ken".repeat(8);

function runtimeOf(parts: Partial<Runtime>): { readonly runtime: Runtime; readonly handlers: HttpHandler[] } {
  const world = new World();
  const handlers: HttpHandler[] = [];
  const runtime: Runtime = {
    release: "test",
    clock: world.clock,
    random: seededRandom(1),
    digest,
    transport: world.net,
    files: {
      readText: (path) =>
        path === "t"
          ? { kind: "ok", text: `test read ${TOKEN}\n`, isPrivate: true }
          : { kind: "ok", text: "ab".repeat(32), isPrivate: true },
      createSecret: () => ({ kind: "ok" }),
      ensureFolder: () => ({ kind: "ok" }),
    },
    acquireLock: () => ({ kind: "held", lock: { release: () => undefined } }),
    openStore: () => openSqliteStore({ path: ":memory:", clock: world.clock }),
    serveHttp: (address, handler) => {
      handlers.push(handler);
      return { address, stop: () => Promise.resolve() };
    },
    loadModule: async (path) => ({ kind: "failed", reason: path }),
    environment: () => undefined,
    logFor: () => recordingLog().log,
    ...parts,
  };
  return { runtime, handlers };
}

async function run(plan: NodePlan, runtime: Runtime): Promise<RunningNode> {
  const started = await runNode(plan, runtime);
  if (started.kind !== "ok") throw new Error(started.lines.join());
  return started.running;
}

describe("cluster.metrics_open", () => {
  for (const isOpen of [false, true]) {
    test(`${isOpen}: /metrics ${isOpen ? "answers loopback without" : "wants"} a token`, async () => {
      const { runtime, handlers } = runtimeOf({ usage: () => ({ residentSize: 1, cpuMs: 1 }) });
      const text = WHOLE.replace("[[node]]", `metrics_open = ${isOpen}\n[[node]]`);
      const running = await run(planOf(text, "cross_center:5"), runtime);
      const ask = async (remote: string, token?: string): Promise<Response> => {
        const headers = {
          host: "127.0.0.1:8900",
          ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
        };
        const answer = handlers[0]?.(new Request("http://127.0.0.1:8900/metrics", { headers }), remote);
        return answer ?? new Response(undefined, { status: 500 });
      };
      expect((await ask("127.0.0.1")).status).toBe(isOpen ? 200 : 401);
      expect((await ask("10.0.0.9")).status).toBe(401);
      const answer = await ask("10.0.0.9", TOKEN);
      expect([answer.status, answer.headers.get("content-type")]).toEqual([
        200,
        "text/plain; version=0.0.4; charset=utf-8",
      ]);
      expect(await answer.text()).toContain("\nprocess_resident_memory_bytes 1\n");
      await running.stop("done");
    });
  }
});

describe("The send budget of a process", () => {
  test("is shared by all its nodes, and without one each has its own", async () => {
    const budget = new SendBudget(1_000);
    const ids = ["cross_gateway:1", "cross_center:5"];
    const budgets = async (parts: Partial<Runtime>): Promise<SendBudget[]> => {
      const { runtime } = runtimeOf(parts);
      const nodes = await Promise.all(ids.map((id) => run(planOf(WHOLE, id), runtime)));
      const found = nodes.map(({ node }) => node.mesh.hub.budget);
      await Promise.all(nodes.map((node) => node.stop("done")));
      return found;
    };
    expect((await budgets({ budget })).map((one) => one === budget)).toEqual([true, true]);
    const [first, second] = await budgets({});
    expect(first === second).toBe(false);
  });
});

/** "What to alarm on" of docs/operations.md names metrics that a running node has, with labels that they have. */

import { readFileSync } from "node:fs";
import { describe, expect, test } from "#test";
import { NodeMetrics } from "#admin/metrics/node_metrics.ts";
import { bunUsage } from "#runtime/bun_usage.ts";
import { World } from "../link/harness.ts";
import { nodeOn } from "../module/node_on.ts";

/** What Prometheus itself makes. */
const OF_PROMETHEUS = ["up"];

function rules(): string[] {
  const page = readFileSync(new URL("../../docs/operations.md", import.meta.url), "utf8");
  const section = page.split("### What to alarm on")[1]?.split("\n## ")[0] ?? "";
  return [...section.matchAll(/^\|[^`\n]*\| `(.+)` +\|$/gm)].map(([, rule = ""]) => rule.replaceAll("\\|", "|"));
}

/** Names in an expression, each with the labels that it is asked by. */
function namesIn(rule: string): { readonly name: string; readonly labels: readonly string[] }[] {
  return [...rule.matchAll(/\b(up|(?:kuafu|process)_[a-z_]+)(\{[^}]*\})?/g)].map(([, name = "", labels = ""]) => ({
    name,
    labels: [...labels.matchAll(/([a-z_]+)=/g)].map(([, label = ""]) => label),
  }));
}

async function textOfNode(): Promise<string> {
  const world = new World();
  const { node } = nodeOn(world, "gateway:1");
  node.counters.add("link.refused:too_many_links");
  node.counters.add("link.closed:silent");
  node.counters.add("rpc.refused:OVERLOADED");
  node.counters.add("admin.refused:token");
  node.counters.add("session.refused:full");
  node.counters.add("session.conn_ended:lost");
  node.counters.add("session.request_failed:DEADLINE");
  return new NodeMetrics({ node, release: "test", clock: world.clock, usage: bunUsage }).text();
}

describe("What to alarm on", () => {
  test("has rules, each with a metric", () => {
    expect(rules().length).toBeGreaterThan(20);
    expect(rules().filter((rule) => namesIn(rule).length === 0)).toEqual([]);
  });

  test("names only metrics that a node has, by labels that they have", async () => {
    const text = await textOfNode();
    for (const rule of rules()) {
      for (const { name, labels } of namesIn(rule)) {
        if (OF_PROMETHEUS.includes(name)) continue;
        const base = name.replace(/_(bucket|sum|count)$/, "");
        expect([rule, name, text.includes(`\n# TYPE ${base} `) || text.startsWith(`# TYPE ${base} `)]).toEqual([
          rule,
          name,
          true,
        ]);
        const series = text.split("\n").filter((line) => line.startsWith(`${name}{`));
        for (const label of labels) {
          expect([rule, label, series.some((line) => line.includes(`${label}="`))]).toEqual([rule, label, true]);
        }
      }
    }
  });
});

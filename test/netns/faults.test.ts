/**
 * The compiled executable on real networks: machines are network namespaces, faults are rules of nftables. All faults
 * run side by side, each on a cluster of its own; after each everything is linked, versions are equal, and nobody has
 * ended who should not have.
 */

import { describe, test } from "#test";
import type { Fault } from "./faults.ts";
import { FAULTS } from "./faults.ts";
import { cannotHaveNamespaces, sweepNamespaces } from "./namespaces.ts";
import { NetCluster } from "./net_cluster.ts";

const TEST_MS_MAX = 115_000;

interface Outcome {
  readonly line: string;
  readonly error: Error | undefined;
}

let outcomes: ReadonlyMap<string, Promise<Outcome>> | undefined;

/** Never rejects; the cluster and its machines are gone when it resolves. */
async function outcomeOf(fault: Fault): Promise<Outcome> {
  const startedMs = performance.now();
  let net: NetCluster | undefined;
  try {
    net = new NetCluster(fault.way);
    await net.start();
    await fault.run(net);
    const healedMs = performance.now();
    await net.expectWhole(fault.mayEnd);
    const wholeMs = Math.round(performance.now() - healedMs);
    const seconds = ((performance.now() - startedMs) / 1000).toFixed(1);
    return { line: `${fault.name}: whole after ${wholeMs} ms, ${seconds} s`, error: undefined };
  } catch (caught) {
    const error = caught instanceof Error ? caught : new Error(String(caught));
    return { line: `${fault.name}: the last lines of each process\n${net?.cluster.tail() ?? ""}`, error };
  } finally {
    await net?.dispose();
  }
}

const missing = cannotHaveNamespaces();

describe("On a real network", () => {
  if (missing !== undefined) {
    test("is skipped", () => {
      console.log(`skip: real networks, there are no namespaces with nftables here: ${missing}`);
    });
    return;
  }
  sweepNamespaces();
  for (const fault of FAULTS) {
    test(
      fault.name,
      async () => {
        outcomes ??= new Map(FAULTS.map((each) => [each.name, outcomeOf(each)]));
        const outcome = await outcomes.get(fault.name);
        if (outcome === undefined) throw new Error("it was not run");
        if (outcome.error !== undefined) {
          console.error(outcome.line);
          throw outcome.error;
        }
        console.log(`      ${outcome.line}`);
      },
      TEST_MS_MAX,
    );
  }
});

/** The compiled executable: calls between a shard and the cross tier, declared by a module that is loaded at run time. */

import { describe, expect } from "#test";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import type { Errand } from "./harness/notes.ts";
import { Notes, WITNESS } from "./harness/notes.ts";

endLeftClusters();

describe("A call", () => {
  clusterTest(
    "from center:3 to cross_center:5 and back the other way is answered by the node that was called",
    async (ground) => {
      const cluster = ground.cluster({
        nodes: [
          { id: "cross_center:5", admin: true },
          { id: "cross_gateway:1" },
          { id: "gateway:3" },
          { id: "center:3" },
        ],
        modules: [WITNESS],
      });
      await cluster.start();
      await cluster.settled();
      const notes = new Notes(cluster, "cross_center:5");
      const up: Errand = { at: "center:3", to: "cross_center:5", call: "echo", with: "up" };
      const down: Errand = { at: "cross_center:5", to: "center:3", call: "echo", with: "down" };
      const nowhere: Errand = { at: "center:3", to: "cross_center:6", call: "echo", with: "nobody" };
      await notes.open("calls", [up, down, nowhere]);
      expect((await notes.done("calls", up))["reply"]).toEqual({ heard: "up", at: "cross_center:5", from: "center:3" });
      expect((await notes.done("calls", down))["reply"]).toEqual({
        heard: "down",
        at: "center:3",
        from: "cross_center:5",
      });
      const lost = await notes.done("calls", nowhere);
      expect(lost["code"]).toBe("NO_ROUTE");

      for (const [from, to, path] of [
        ["center:3", "cross_center:5", ["center:3", "gateway:3", "cross_gateway:1", "cross_center:5"]],
        ["cross_center:5", "center:3", ["cross_center:5", "cross_gateway:1", "gateway:3", "center:3"]],
      ] as const) {
        const { status, body } = await cluster.admin.ask("GET", `/api/explain?from=${from}&to=${to}`);
        const explained = body as { readonly reachable: boolean; readonly hops: readonly { readonly at: string }[] };
        expect([status, explained.reachable, explained.hops.map((hop) => hop.at)]).toEqual([200, true, [...path]]);
      }
      console.log(`      both ways: ${ground.seconds} s`);
    },
  );
});

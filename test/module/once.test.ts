/**
 * Durable hooks of a center: whole nodes on the simulator, with disks that outlive them.
 */

import { describe, expect, test } from "#test";
import { ONCE_RETRY_FIRST_MS, ONCE_SLOW_MS } from "#activity/once_hooks.ts";
import { activity } from "#module/activity_kind.ts";
import { module } from "#module/module.ts";
import type { OnceEvent } from "#module/module_node.ts";
import * as v from "valibot";
import { CENTER, CENTER_2, CROSS_CENTER, GATEWAY, MeshGround } from "../admin/mesh_ground.ts";

const fair = activity("fair", { config: v.object({}), phases: ["preview", "open", "closed"] });
const ACTOR = { who: "a", remote: "b" };

class FairGround extends MeshGround {
  /** "center:1 open 1", for each run of a hook. */
  readonly ran: string[];
  /** What a run does before it is over. */
  readonly hook: { run: (event: OnceEvent, node: string) => void | Promise<void> };

  constructor() {
    const ran: string[] = [];
    const hook = { run: (): void | Promise<void> => undefined } as FairGround["hook"];
    super({
      modules: () => [
        module("fair", { activities: [fair] }, (node) => {
          node.on("center", () => {
            for (const phase of ["open", "closed"] as const) {
              node.activity(fair).once(phase, (event) => {
                ran.push(`${node.id} ${event.phase} ${event.termNumber}`);
                return hook.run(event, node.id);
              });
            }
          });
        }),
      ],
    });
    this.ran = ran;
    this.hook = hook;
    const request = { id: "fair", kind: "fair", config: {} };
    this.value(CROSS_CENTER, (port) => port.createActivity(request, ACTOR));
    this.run(1_000);
  }

  verb(verb: "open" | "close"): void {
    this.value(CROSS_CENTER, (port) => port.changeActivity({ id: "fair" }, { verb }, ACTOR));
    this.run(1_000);
  }

  of(id: string): readonly string[] {
    return this.ran.filter((line) => line.startsWith(`${id} `)).map((line) => line.slice(id.length + 1));
  }
}

describe("Durable hooks of a center", () => {
  test("run once for each term and phase, over all lives of the process and of the owner", async () => {
    const ground = new FairGround();
    ground.verb("open");
    for (const id of [CENTER, CROSS_CENTER, CENTER, GATEWAY]) {
      ground.kill(id);
      ground.start(id);
      ground.run(10_000);
    }
    ground.verb("close");
    ground.verb("open");
    expect(ground.of(CENTER)).toEqual(["open 1", "closed 1", "open 2"]);
    expect(ground.of(CENTER_2)).toEqual(["open 1", "closed 1", "open 2"]);
    await ground.dispose();
  });

  test("hear of what the shard slept through, each phase in the order of the terms", async () => {
    const ground = new FairGround();
    ground.kill(CENTER);
    for (const verb of ["open", "close", "open", "close", "open"] as const) ground.verb(verb);
    ground.start(CENTER);
    ground.run(10_000);
    expect(ground.of(CENTER).filter((line) => line.startsWith("open"))).toEqual(["open 1", "open 2", "open 3"]);
    expect(ground.of(CENTER).filter((line) => line.startsWith("closed"))).toEqual(["closed 1", "closed 2"]);
    await ground.dispose();
  });

  test("of a store that is new hear of the term that runs, and of none that was over before", async () => {
    const ground = new FairGround();
    for (const verb of ["open", "close", "open"] as const) ground.verb(verb);
    ground.ran.length = 0;
    ground.loseDisk(CENTER);
    ground.run(10_000);
    expect(ground.of(CENTER)).toEqual(["open 2"]);
    await ground.dispose();
  });

  test("one that fails is an alarm and runs again until it has not, and no other waits for it", async () => {
    const ground = new FairGround();
    let left = 3;
    ground.hook.run = (event, node) => {
      if (node === CENTER && event.phase === "open" && (left -= 1) >= 0) throw new Error("no luck");
    };
    ground.verb("open");
    ground.verb("close");
    ground.run(ONCE_RETRY_FIRST_MS * 10);
    expect(ground.of(CENTER).toSorted()).toEqual(["closed 1", "open 1", "open 1", "open 1", "open 1"]);
    expect(ground.node(CENTER).alarms.has("module_fault:fair")).toBe(true);
    expect(ground.of(CENTER_2)).toEqual(["open 1", "closed 1"]);
    await ground.dispose();
  });

  test("one that was under way when its process died runs again, and one that hangs is an alarm", async () => {
    const ground = new FairGround();
    ground.hook.run = (_, node) => (node === CENTER ? new Promise(() => undefined) : undefined);
    ground.verb("open");
    ground.run(ONCE_SLOW_MS);
    expect(ground.node(CENTER).alarms.has("hook_slow:fair")).toBe(true);
    ground.kill(CENTER);
    ground.hook.run = () => undefined;
    ground.start(CENTER);
    ground.run(10_000);
    expect(ground.of(CENTER)).toEqual(["open 1", "open 1"]);
    await ground.dispose();
  });
});

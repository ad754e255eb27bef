/**
 * A node that stops in good order while players ask: none of their requests is lost on the way, on whole nodes of the
 * simulator.
 */

import { describe, expect, test } from "#test";
import { module } from "#module/module.ts";
import { contract } from "#rpc/contract.ts";
import { LEAVE_MS_MAX } from "#session/player_contract.ts";
import { SessionContract } from "#session/session_contract.ts";
import type { PlayerAnswer } from "#session/player_router.ts";
import type { NodeId } from "#wire/role.ts";
import { nodeId } from "#wire/role.ts";
import * as v from "valibot";
import { GATEWAY, MeshGround, TREE } from "../admin/mesh_ground.ts";

const USER = nodeId("user", 101);
const OTHER_USER = nodeId("user", 102);
const PLAYERS = Array.from({ length: 20 }, (_, index) => `player ${index}`);
const EVERY_MS = 7;
const HANDLER_MS = 20;

const Work = contract("work", {
  // Not idempotent: one that was lost on the way would be lost for good.
  once: { id: 2000, players: "user", request: v.strictObject({}), reply: v.strictObject({ at: v.string() }) },
});

class LeaveGround extends MeshGround {
  readonly answers: PlayerAnswer[] = [];
  executed = 0;
  asked = 0;

  constructor(nodes: readonly NodeId[], handlerMs = HANDLER_MS) {
    const counted = { add: (): void => undefined };
    super({
      nodes: [...TREE, ...nodes],
      modules: () => [
        module("work", { players: [Work] }, (node) => {
          node.on("user", () =>
            node.onPlayer(Work.once, async () => {
              counted.add();
              await new Promise<void>((resolve) => void node.after(handlerMs, resolve));
              return { at: node.id };
            }),
          );
        }),
      ],
    });
    counted.add = () => {
      this.executed += 1;
    };
  }

  /** From now on each player asks again and again. */
  askAlways(untilMs: number): void {
    const gateway = this.node(GATEWAY).playerGateway;
    if (gateway === undefined) throw new Error("no gateway of players");
    for (const player of PLAYERS) {
      const { session } = this.call(GATEWAY, SessionContract.login, { player }, GATEWAY);
      const ask = async (): Promise<void> => {
        if (this.world.nowMs >= untilMs) return;
        this.asked += 1;
        const request = { session, player, method: Work.once.id, body: {}, deadlineMs: 9_000 };
        this.answers.push(await gateway.request(request));
        this.world.after(EVERY_MS, () => this.world.host("gateway-1").process?.deliver(() => void ask()));
      };
      this.world.host("gateway-1").process?.deliver(() => void ask());
    }
  }

  stopNode(id: NodeId): void {
    this.within(id, () => this.node(id).stop("a test"));
    this.kill(id);
  }
}

describe("A user node that stops in good order", () => {
  test("leaves its players to the others, and no request is lost or executed twice", async () => {
    const ground = new LeaveGround([USER, OTHER_USER]);
    ground.askAlways(ground.world.nowMs + 4_000);
    for (const id of [USER, OTHER_USER]) {
      ground.run(300);
      ground.stopNode(id);
      ground.run(300);
      ground.start(id);
      ground.settle();
    }
    ground.run(6_000);
    expect(ground.answers.length).toBe(ground.asked);
    expect(ground.answers.filter(({ kind }) => kind !== "reply")).toEqual([]);
    expect(ground.executed).toBe(ground.asked);
    expect(ground.asked).toBeGreaterThan(500);
    await ground.dispose();
  });

  test("and is the only one: they wait until it is back", async () => {
    const ground = new LeaveGround([USER]);
    ground.askAlways(ground.world.nowMs + 4_000);
    ground.run(300);
    ground.stopNode(USER);
    ground.run(500);
    ground.start(USER);
    ground.run(8_000);
    expect(ground.answers.length).toBe(ground.asked);
    expect(ground.answers.filter(({ kind }) => kind !== "reply")).toEqual([]);
    expect(ground.executed).toBe(ground.asked);
    await ground.dispose();
  });

  test("waits for a request that takes long no longer than a bound, and for its gateway not at all when it is gone", async () => {
    const ground = new LeaveGround([USER], 60_000);
    ground.askAlways(ground.world.nowMs + 60_000);
    ground.run(50);
    const startMs = ground.world.nowMs;
    ground.stopNode(USER);
    // Then it drains, and says goodbye.
    expect(ground.world.nowMs - startMs).toBeGreaterThan(LEAVE_MS_MAX);
    expect(ground.world.nowMs - startMs).toBeLessThan(10_000);
    await ground.dispose();
    const alone = new LeaveGround([USER]);
    alone.kill(GATEWAY);
    alone.run(10);
    const fromMs = alone.world.nowMs;
    alone.stopNode(USER);
    expect(alone.world.nowMs - fromMs).toBeLessThan(LEAVE_MS_MAX);
    await alone.dispose();
  });
});

/**
 * A node that stood still while players asked: what it reads afterwards is not executed any more, on whole nodes of the
 * simulator.
 */

import { describe, expect, test } from "#test";
import { module } from "#module/module.ts";
import { contract } from "#rpc/contract.ts";
import { SessionContract } from "#session/session_contract.ts";
import type { PlayerAnswer } from "#session/player_router.ts";
import type { NodeId } from "#wire/role.ts";
import { nodeId } from "#wire/role.ts";
import * as v from "valibot";
import { GATEWAY, MeshGround, TREE } from "../admin/mesh_ground.ts";

const USER = nodeId("user", 101);
const OTHER_USER = nodeId("user", 102);
const PLAYERS = ["ann", "ben", "cid", "dan", "eve", "fay"];

const empty = v.strictObject({});
const Work = contract("work", {
  again: { id: 2000, players: "user", idempotent: true, request: empty, reply: empty },
  once: { id: 2001, players: "user", request: empty, reply: empty },
});

class LateGround extends MeshGround {
  /** "ann at user:101" */
  readonly executed: string[];

  constructor() {
    const executed: string[] = [];
    super({
      nodes: [...TREE, USER, OTHER_USER],
      modules: () => [
        module("work", { players: [Work] }, (node) => {
          const note = ({ player }: { readonly player: string }): object => {
            executed.push(`${player} at ${node.id}`);
            return {};
          };
          node.on("user", () => {
            node.onPlayer(Work.again, note);
            node.onPlayer(Work.once, note);
          });
        }),
      ],
    });
    this.executed = executed;
  }

  /** All of them ask while the node stands still for so long; what they were answered. */
  askFrozen(id: NodeId, method: { readonly id: number }, frozenMs: number): PlayerAnswer[] {
    const gateway = this.node(GATEWAY).playerGateway;
    if (gateway === undefined) throw new Error("no gateway of players");
    const sessions = PLAYERS.map(
      (player) => [player, this.call(GATEWAY, SessionContract.login, { player }, GATEWAY).session] as const,
    );
    this.freeze(id);
    const answers: PlayerAnswer[] = [];
    this.world.host("gateway-1").process?.deliver(() => {
      for (const [player, session] of sessions) {
        const request = { session, player, method: method.id, body: {}, deadlineMs: 9_000 };
        void gateway.request(request).then((answer) => answers.push(answer));
      }
    });
    this.run(frozenMs);
    this.thaw(id);
    this.run(10_000);
    return answers;
  }
}

describe("A user node that stands still", () => {
  for (const frozenMs of [2_500, 4_000, 8_000]) {
    test(`for ${frozenMs} ms executes nothing of what the other one has executed meanwhile`, async () => {
      const ground = new LateGround();
      const answers = ground.askFrozen(USER, Work.again, frozenMs);
      expect(answers.map(({ kind }) => kind)).toEqual(PLAYERS.map(() => "reply"));
      expect(ground.executed.length).toBe(PLAYERS.length);
      expect(ground.executed.map((text) => text.split(" ")[0] ?? "").toSorted()).toEqual(PLAYERS);
      await ground.dispose();
    });

    test(`for ${frozenMs} ms does not do later what nobody can ask again`, async () => {
      const ground = new LateGround();
      const answers = ground.askFrozen(USER, Work.once, frozenMs);
      const unknown = answers.filter((answer) => answer.kind === "error" && answer.executed === null);
      const replies = answers.filter(({ kind }) => kind === "reply");
      // While its link stands it says itself that it is late, and is asked again.
      expect(unknown.length > 0).toBe(frozenMs >= 4_000);
      expect(replies.length).toBe(PLAYERS.length - unknown.length);
      expect(ground.executed.length).toBe(replies.length);
      await ground.dispose();
    });
  }

  test("for less than two intervals answers as ever", async () => {
    const ground = new LateGround();
    const answers = ground.askFrozen(USER, Work.once, 900);
    expect(answers.map(({ kind }) => kind)).toEqual(PLAYERS.map(() => "reply"));
    await ground.dispose();
  });
});

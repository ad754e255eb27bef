/**
 * Players over the admin port of real nodes: asked anywhere, answered by the gateways that have a door.
 */

import { describe, expect, test } from "#test";
import { Counters } from "#base/counters.ts";
import { seededRandom } from "#base/random.ts";
import { serveDoor } from "#session/door_contract.ts";
import { DOOR_LIMITS } from "#session/door_limits.ts";
import { PlayerDoor } from "#session/player_door.ts";
import { node, recordingLog } from "../mesh/harness.ts";
import { FakeConn, FakePresence, FakeRouter, settle } from "../session/door_ground.ts";
import { FakeClock } from "../link/fake_clock.ts";
import { CENTER, CROSS_GATEWAY, GATEWAY, GATEWAY_2, MeshGround } from "./mesh_ground.ts";

const ACTOR = { who: "test", remote: "test" };
const NOBODY = { conns: 0, sessions: 0, lost: 0, queued: 0 };

/** A cluster whose first gateway has a door with one connection; the second one has none. */
function ground(): { readonly made: MeshGround; readonly door: PlayerDoor } {
  const made = new MeshGround();
  const presence = new FakePresence();
  presence.map = node("map:101");
  const door = new PlayerDoor({
    clock: new FakeClock(),
    random: seededRandom(1),
    log: recordingLog().log,
    counters: new Counters(),
    presence,
    verifier: { verify: async (player) => ({ kind: "ok", player }) },
    router: new FakeRouter(),
    limits: DOOR_LIMITS,
    maintenance: { isOn: false, whiteList: ["qa"] },
  });
  serveDoor(door, made.node(GATEWAY).endpoint.server);
  return { made, door };
}

describe("Players over the mesh", () => {
  test("any node says who is where; a gateway without a door is left out, one that is gone too", async () => {
    const { made, door } = ground();
    door.accept(new FakeConn("127.0.0.1:1"));
    const row = { ...NOBODY, gateway: GATEWAY, shard: 1, conns: 1, maintenance: false };
    for (const at of [CROSS_GATEWAY, CENTER]) {
      expect(made.value(at, (port) => port.sessions())).toEqual({ doors: [row], silent: [] });
    }
    made.kill(GATEWAY_2);
    made.run(3_000);
    expect(made.value(CROSS_GATEWAY, (port) => port.sessions())).toEqual({ doors: [row], silent: [] });
    await made.dispose();
  });

  test("any node says where a player is; who is nowhere is at no gateway", async () => {
    const { made, door } = ground();
    const conn = new FakeConn("127.0.0.1:1");
    conn.handler = door.accept(conn);
    conn.say({ kind: "hello", token: "ann", resume: null });
    await settle();
    const session = door.find("ann").session?.id;
    for (const at of [CROSS_GATEWAY, CENTER]) {
      expect(made.value(at, (port) => port.findPlayer("ann"))).toMatchObject({
        at: [{ gateway: GATEWAY, shard: 1, session, lostSinceMs: undefined, map: "map:101", place: undefined }],
        silent: [],
      });
      expect(made.value(at, (port) => port.findPlayer("ben"))).toEqual({ at: [], silent: [] });
      expect(made.value(at, (port) => port.findPlayer("ann", 1)).at).toMatchObject([{ gateway: GATEWAY }]);
      expect(made.value(at, (port) => port.findPlayer("ann", 2))).toEqual({ at: [], silent: [] });
    }
    await made.dispose();
  });

  test("maintenance is set where it is asked for, and keeps the white list that it had", async () => {
    const { made, door } = ground();
    const all = { isOn: true, shard: undefined, whiteList: undefined };
    expect(made.ask(CENTER, (port) => port.setMaintenance(all, ACTOR))).toEqual({
      kind: "ok",
      changed: true,
      value: { gateways: [GATEWAY], silent: [] },
    });
    expect(door.maintenance).toEqual({ isOn: true, whiteList: ["qa"] });
    expect(made.ask(CENTER, (port) => port.setMaintenance(all, ACTOR))).toMatchObject({ kind: "ok", changed: false });
    expect(made.ask(CENTER, (port) => port.setMaintenance({ ...all, shard: 2 }, ACTOR))).toEqual({
      kind: "unavailable",
      detail: "no gateway that takes players is reachable there",
    });
    await made.dispose();
  });

  test("a kick of who is not there changes nothing", async () => {
    const { made } = ground();
    const request = { player: "ann", shard: undefined, detail: "cheats" };
    expect(made.ask(CROSS_GATEWAY, (port) => port.kickPlayer(request, ACTOR))).toEqual({
      kind: "ok",
      changed: false,
      value: { gateways: [], silent: [] },
    });
    await made.dispose();
  });
});

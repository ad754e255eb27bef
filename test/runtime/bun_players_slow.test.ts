import { describe, expect, test } from "#test";
import { Counters } from "#base/counters.ts";
import { bunClock } from "#runtime/bun_clock.ts";
import { bunListenPlayers } from "#runtime/bun_players.ts";
import { bunRandom } from "#runtime/bun_random.ts";
import { encodeClientPacket } from "#session/client_codec.ts";
import { CONN_QUEUED_SIZE_MAX, DOOR_LIMITS } from "#session/door_limits.ts";
import { PlayerDoor } from "#session/player_door.ts";
import { recordingLog } from "../mesh/harness.ts";
import { FakePresence } from "../session/door_ground.ts";

const UPGRADE = `GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${btoa("0123456789abcdef")}\r\nSec-WebSocket-Version: 13\r\n\r\n`;

/** A binary message as a client sends it, masked with zeros. At most 125 bytes. */
function frame(packet: Uint8Array): Uint8Array {
  return Uint8Array.of(0x82, 0x80 | packet.length, 0, 0, 0, 0, ...packet);
}

describe("bunListenPlayers: a player who stops reading", () => {
  test("is closed as a slow reader before more waits than the door allows, and the session can be resumed", async () => {
    const counters = new Counters();
    const door = new PlayerDoor({
      clock: bunClock,
      random: bunRandom,
      log: recordingLog().log,
      counters,
      presence: new FakePresence(),
      verifier: { verify: async (player) => ({ kind: "ok", player }) },
      router: { request: async () => ({ kind: "reply", body: null }) },
      limits: DOOR_LIMITS,
      maintenance: { isOn: false, whiteList: [] },
    });
    const listener = bunListenPlayers({ host: "127.0.0.1", port: 0 }, (conn) => door.accept(conn));
    const upgraded = Promise.withResolvers<void>();
    const welcomed = Promise.withResolvers<void>();
    let isUpgraded = false;
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: listener.address.port,
      socket: {
        data: () => {
          if (isUpgraded) return welcomed.resolve();
          isUpgraded = true;
          upgraded.resolve();
        },
      },
    });
    socket.write(UPGRADE);
    await upgraded.promise;
    socket.write(frame(encodeClientPacket({ kind: "hello", token: "ann", resume: null })));
    await welcomed.promise;
    socket.pause();
    const body = new Uint8Array(256 * 1024);
    let count = 0;
    while (door.status().lost === 0 && count < 200) {
      expect(door.push("ann", "map", body)).toEqual(true);
      count += 1;
      // Bun writes, and counts what waits, between turns of the event loop.
      await new Promise<void>((resolve) => bunClock.afterPoll(resolve));
    }
    // What the system takes is a few megabytes more.
    const most = Math.ceil((CONN_QUEUED_SIZE_MAX + 16 * 1024 * 1024) / body.length);
    expect([counters.get("session.conn_ended:slow_reader"), door.status().lost, count <= most]).toEqual([1, 1, true]);
    socket.terminate();
    listener.close();
    await door.stop(1_000);
  });
});

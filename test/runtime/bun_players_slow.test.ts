import { describe, expect, test } from "#test";
import { join } from "node:path";
import { Counters } from "#base/counters.ts";
import { bunClock } from "#runtime/bun_clock.ts";
import { bunListenPlayers, bunSecurePlayers } from "#runtime/bun_players.ts";
import { bunRandom } from "#runtime/bun_random.ts";
import { BunTransport } from "#runtime/bun_transport.ts";
import { encodeClientPacket } from "#session/client_codec.ts";
import { CONN_QUEUED_SIZE_MAX, DOOR_LIMITS } from "#session/door_limits.ts";
import type { ListenPlayers } from "#session/player_conn.ts";
import { PlayerDoor } from "#session/player_door.ts";
import { recordingLog } from "../mesh/harness.ts";
import { FakePresence } from "../session/door_ground.ts";
import { hasOpenssl, TestAuthority } from "./certificates.ts";
import { cleanFolders, temporaryFolder } from "./temporary_folder.ts";

const UPGRADE = `GET / HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Key: ${btoa("0123456789abcdef")}\r\nSec-WebSocket-Version: 13\r\n\r\n`;

/** A binary message as a client sends it, masked with zeros. At most 125 bytes. */
function frame(packet: Uint8Array): Uint8Array {
  return Uint8Array.of(0x82, 0x80 | packet.length, 0, 0, 0, 0, ...packet);
}

/** Ways in, and what a client needs for them. */
function waysIn(): {
  readonly way: string;
  readonly listen: ListenPlayers;
  readonly tls: { readonly ca: string } | undefined;
}[] {
  const plain = { way: "plain", listen: bunListenPlayers, tls: undefined };
  if (!hasOpenssl) return [plain];
  const authority = new TestAuthority(join(temporaryFolder(), "ca"));
  authority.sign("s1", { names: ["s1.test,IP:127.0.0.1"] });
  const texts = authority.texts("s1");
  cleanFolders();
  const secured = bunSecurePlayers(new BunTransport({ connsMax: 10 }))(texts);
  if (secured.kind === "problem" || secured.ways.webSocket === undefined) throw new Error("no way in with TLS");
  return [plain, { way: "with TLS", listen: secured.ways.webSocket, tls: { ca: texts.authority } }];
}

describe.each(waysIn())("bunListenPlayers, $way: a player who stops reading", ({ listen, tls }) => {
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
    const listener = listen({ host: "127.0.0.1", port: 0 }, (conn) => door.accept(conn));
    const opened = Promise.withResolvers<void>();
    const upgraded = Promise.withResolvers<void>();
    const welcomed = Promise.withResolvers<void>();
    let isUpgraded = false;
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: listener.address.port,
      ...(tls === undefined ? {} : { tls }),
      socket: {
        open: () => {
          if (tls === undefined) opened.resolve();
        },
        handshake: () => opened.resolve(),
        data: () => {
          if (isUpgraded) return welcomed.resolve();
          isUpgraded = true;
          upgraded.resolve();
        },
      },
    });
    await opened.promise;
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

/**
 * Hostile players: 200,000 mutated packets into the door of a gateway, in every stage of a connection. Nothing throws, each
 * connection ends with a code of the page or goes on, and the sessions of others do not notice.
 */

import { describe, expect, test } from "#test";
import type { Random } from "#base/random.ts";
import { randomIndex, seededRandom } from "#base/random.ts";
import { encodeClientPacket } from "#session/client_codec.ts";
import type { ClientPacket } from "#session/client_packets.ts";
import { CLOSE_CODES } from "#session/client_packets.ts";
import type { FakeConn } from "../session/door_ground.ts";
import { DoorGround, settle } from "../session/door_ground.ts";
import { fuzzSeed } from "./wire_mutate.ts";

const PACKETS = 200_000;
const TIME_MAX_MS = 120_000;
/** Packets after which a connection that still stands is lost by its player. */
const PER_CONN_MAX = 12;

type Stage = "hello" | "online" | "resuming";

const STAGES: readonly Stage[] = ["hello", "online", "resuming"];
const ZERO_SESSION = "00".repeat(16);

function packetsFor(stage: Stage, random: Random): ClientPacket {
  const seq = 1 + randomIndex(random, 4);
  const ordinary: readonly ClientPacket[] = [
    {
      kind: "request",
      seq,
      method: 2000 + randomIndex(random, 3),
      body: { item: "x".repeat(randomIndex(random, 40)) },
    },
    { kind: "ack", pushSeq: randomIndex(random, 5) },
    { kind: "ping", n: randomIndex(random, 100) },
    { kind: "bye" },
  ];
  const hello: ClientPacket = { kind: "hello", token: "mallory", resume: null };
  const resume = { session: ZERO_SESSION, resumeToken: ZERO_SESSION, ackedPush: 0 };
  if (stage === "hello") return random.unit() < 0.7 ? hello : (ordinary[randomIndex(random, 4)] ?? hello);
  if (stage === "resuming") return { kind: "hello", token: "mallory", resume };
  return random.unit() < 0.1 ? hello : (ordinary[randomIndex(random, 4)] ?? hello);
}

/** One to four bytes changed, cut, doubled or put in; now and then left as it is. */
function mutated(bytes: Uint8Array, random: Random): Uint8Array {
  let out = [...bytes];
  const changes = randomIndex(random, 5);
  for (let change = 0; change < changes; change += 1) {
    const at = randomIndex(random, Math.max(1, out.length));
    switch (randomIndex(random, 5)) {
      case 0:
        out[at] = randomIndex(random, 256);
        break;
      case 1:
        out[at] = (out[at] ?? 0) ^ (1 << randomIndex(random, 8));
        break;
      case 2:
        out = out.slice(0, at);
        break;
      case 3:
        out = [...out.slice(0, at), ...out.slice(0, 64), ...out.slice(at)];
        break;
      default:
        out.splice(at, 0, ...Array.from({ length: 1 + randomIndex(random, 8) }, () => randomIndex(random, 256)));
    }
  }
  return Uint8Array.from(out);
}

describe("Hostile players", () => {
  test(
    `${PACKETS} mutated packets end connections with a code, and nothing else`,
    async () => {
      const random = seededRandom(fuzzSeed());
      const ground = new DoorGround();
      const friend = await ground.online("friend");
      const ends = new Map<string, number>();
      let sent = 0;
      let conns = 0;
      while (sent < PACKETS) {
        const stage = STAGES[randomIndex(random, STAGES.length)] ?? "hello";
        conns += 1;
        const conn: FakeConn =
          stage === "online"
            ? (await ground.online(`mallory${conns % 50}`)).conn
            : ground.conn(`10.0.${conns % 250}.1:1`);
        for (let count = 0; count < PER_CONN_MAX && !conn.isClosed && sent < PACKETS; count += 1) {
          conn.handler?.received(mutated(encodeClientPacket(packetsFor(stage, random)), random));
          sent += 1;
          if (count % 4 === 0) await settle();
        }
        await settle();
        for (const packet of conn.packets) {
          if (packet.kind === "refuse" || packet.kind === "kicked") {
            expect(CLOSE_CODES).toContain(packet.code);
            ends.set(packet.code, (ends.get(packet.code) ?? 0) + 1);
          }
        }
        if (!conn.isClosed) conn.lose();
        ground.router.waiting.splice(0).forEach(({ answer }) => answer({ kind: "reply", body: {} }));
        // Connections have their turn, and sessions that nobody resumes end; who plays on is not silent meanwhile.
        const pauses = conns % 40 === 0 ? [20_000, 20_000, 25_000] : [20];
        for (const pauseMs of pauses) {
          ground.clock.run(pauseMs);
          friend.conn.say({ kind: "ping", n: conns });
          await settle();
        }
        friend.conn.packets.length = 0;
      }
      expect(friend.conn.isClosed).toBe(false);
      friend.conn.packets.length = 0;
      friend.conn.say({ kind: "request", seq: 1, method: 2000, body: {} });
      await settle();
      ground.router.reply("still here");
      await settle();
      expect(friend.conn.heard()).toContain('reply 1 "still here"');
      expect(ends.get("bad_packet") ?? 0).toBeGreaterThan(1_000);
      expect(ground.lines.filter(({ level }) => level === "error")).toEqual([]);
      console.log(
        `      ${sent} packets, ${conns} connections, ends: ${[...ends].map(([code, n]) => `${code} ${n}`).join(", ")}`,
      );
    },
    TIME_MAX_MS,
  );
});

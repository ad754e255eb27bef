/**
 * Random walks of many players through a small door: whatever they do, and in whatever order, nothing throws, no limit is
 * passed, the shard believes in exactly the sessions that there are, and no request is executed twice or out of order.
 */

import { describe, expect, test } from "#test";
import { randomIndex, seededRandom } from "#base/random.ts";
import type { Random } from "#base/random.ts";
import { encodeClientPacket } from "#session/client_codec.ts";
import type { ClientPacket, ServerPacket } from "#session/client_packets.ts";
import type { FakeConn } from "./door_ground.ts";
import { DoorGround, settle } from "./door_ground.ts";

const SESSIONS_MAX = 3;
const CONNS_MAX = 12;
const PLAYERS = ["ann", "ben", "cat", "dan", "eve", "bad"];

/** One player's device: what it knows is what it heard. */
class Device {
  readonly conn: FakeConn;
  session = "";
  resumeToken = "";
  nextSeq = 1;
  pushSeq = 0;

  constructor(conn: FakeConn) {
    this.conn = conn;
  }

  hear(): ServerPacket[] {
    const packets = this.conn.packets.splice(0);
    for (const packet of packets) {
      if (packet.kind === "welcome") ({ session: this.session, resumeToken: this.resumeToken } = packet.welcome);
      else if (packet.kind === "renew") this.resumeToken = packet.resumeToken;
      else if (packet.kind === "push") this.pushSeq = packet.pushSeq;
    }
    return packets;
  }
}

class Walk {
  readonly ground = new DoorGround({ limits: { sessionsMax: SESSIONS_MAX, connsMax: CONNS_MAX } });
  readonly #random: Random;
  #devices: Device[] = [];
  #gate: PromiseWithResolvers<void> | undefined;
  /** Per session: the numbers that were executed. */
  readonly #executed = new Map<string, number[]>();
  welcomeCount = 0;
  resumeCount = 0;

  constructor(seed: number) {
    this.#random = seededRandom(seed);
  }

  async step(): Promise<void> {
    const { ground } = this;
    const device = this.#devices[this.#pick(this.#devices.length)];
    switch (this.#pick(14)) {
      case 0:
      case 1: {
        const added = new Device(ground.conn(`127.0.0.1:${this.#pick(60_000)}`));
        this.#devices.push(added);
        if (this.#pick(3) > 0) this.#say(added, { kind: "hello", token: this.#player(), resume: null });
        break;
      }
      case 2:
        return this.#say(device, { kind: "hello", token: this.#player(), resume: null });
      case 3: {
        const known = this.#devices.findLast((one) => one.session !== "");
        if (known === undefined) return;
        const added = new Device(ground.conn("127.0.0.1:1"));
        this.#devices.push(added);
        const resumeToken = this.#pick(4) === 0 ? "00" : known.resumeToken;
        const resume = { session: known.session, resumeToken, ackedPush: this.#pick(2) * known.pushSeq };
        added.nextSeq = known.nextSeq;
        return this.#say(added, { kind: "hello", token: this.#player(), resume });
      }
      case 4:
      case 5:
      case 6: {
        if (device === undefined) return;
        const seq = this.#pick(8) === 0 ? Math.max(1, device.nextSeq - this.#pick(3)) : device.nextSeq++;
        return this.#say(device, { kind: "request", seq, method: 2000, body: seq });
      }
      case 7:
        return this.#say(device, { kind: "ack", pushSeq: Math.max(0, (device?.pushSeq ?? 0) - this.#pick(2)) });
      case 8:
        return device?.conn.handler?.received(this.#mutated());
      case 9:
        device?.conn.lose();
        break;
      case 10:
        this.#answer();
        break;
      case 11:
        ground.door.push(this.#player(), "news", this.#pick(1000));
        break;
      case 12:
        ground.clock.run([10, 100, 1_000, 10, 5_000, 10, 35_000, 61_000][this.#pick(8)] ?? 0);
        break;
      default:
        return this.#rare();
    }
  }

  async #rare(): Promise<void> {
    const { door } = this.ground;
    const choice = this.#pick(18);
    if (choice < 6) this.#toggleGate();
    else if (choice < 8) door.kick(this.#player(), "");
    else if (choice < 10) door.setMaintenance({ isOn: this.#pick(8) === 0, whiteList: ["ann"] });
    else await settle();
  }

  check(): void {
    const { ground } = this;
    for (const device of this.#devices) {
      for (const packet of device.hear()) {
        if (packet.kind !== "welcome") continue;
        this.welcomeCount += 1;
        if (packet.welcome.resumed) this.resumeCount += 1;
      }
    }
    this.#devices = this.#devices.filter((device) => !device.conn.isClosed || device.session !== "").slice(-10);
    const { sessions, conns } = ground.door.status();
    expect([sessions <= SESSIONS_MAX, conns <= CONNS_MAX, conns >= 0]).toEqual([true, true, true]);
    // While logins are held up the shard believes in those sessions already.
    const believed = ground.presence.table.count;
    expect(this.#gate === undefined ? believed === sessions : believed >= sessions).toBe(true);
  }

  /** Holds up what logs in from now on, or lets it go. */
  #toggleGate(): void {
    this.#gate?.resolve();
    this.#gate = this.#gate === undefined ? Promise.withResolvers<void>() : undefined;
    this.ground.presence.gate = this.#gate?.promise;
  }

  /** Each session's requests: 1, 2, 3 and so on. */
  executed(): (readonly number[])[] {
    while (this.ground.router.waiting.length > 0) this.#answer();
    return [...this.#executed.values()];
  }

  #answer(): void {
    const next = this.ground.router.waiting.shift();
    if (next === undefined) return;
    const { session, body } = next.request;
    this.#executed.set(session, [...(this.#executed.get(session) ?? []), Number(body)]);
    next.answer({ kind: "reply", body });
  }

  #say(device: Device | undefined, packet: ClientPacket): void {
    device?.conn.say(packet);
  }

  #mutated(): Uint8Array {
    const bytes = encodeClientPacket({ kind: "request", seq: 1, method: 1, body: { a: [1, "x"] } }).slice();
    bytes[this.#pick(bytes.length)] = this.#pick(256);
    return bytes.subarray(0, this.#pick(bytes.length + 1));
  }

  #player(): string {
    return PLAYERS[this.#pick(PLAYERS.length)] ?? "ann";
  }

  #pick(bound: number): number {
    return bound === 0 ? 0 : randomIndex(this.#random, bound);
  }
}

describe("PlayerDoor: random walks", () => {
  for (const seed of [1, 2, 3, 4, 5, 6, 7, 8]) {
    test(`of seed ${seed} pass no limit, and no request runs twice or out of order`, async () => {
      const walk = new Walk(seed);
      for (let step = 0; step < 3_000; step += 1) {
        await walk.step();
        if (step % 5 !== 0) continue;
        await settle();
        walk.check();
      }
      for (const seqs of walk.executed()) expect(seqs).toEqual(seqs.map((_, index) => index + 1));
      // A walk that gets nowhere proves nothing.
      expect([walk.welcomeCount > 100, walk.resumeCount > 30, walk.executed().length > 10]).toEqual([true, true, true]);
      expect(walk.ground.lines.filter(({ level }) => level === "error")).toEqual([]);
    });
  }
});

/**
 * A peer that is driven by hand: it shakes hands as far as a test wants and then sends whatever the test says,
 * with no heartbeat and no queue behind it.
 */

import type { Identity } from "#wire/identity.ts";
import { identity } from "#wire/identity.ts";
import { seededRandom } from "#base/random.ts";
import type { HandshakeSelf, HandshakeStep } from "#link/handshake.ts";
import { DialerHandshake } from "#link/handshake_dialer.ts";
import { Decoder } from "#wire/decoder.ts";
import { decodeRefuse } from "#wire/handshake.ts";
import { Kind, frameBody, frameKind, frameSize, kindName } from "#wire/header.ts";
import type { Role } from "#wire/role.ts";
import type { Stranger, TestConn } from "./byte_net.ts";
import type { TestNode, World } from "./harness.ts";
import { CLUSTER, KEY, digest } from "./harness.ts";

export interface HandWish extends Partial<Omit<HandshakeSelf, "self">> {
  readonly role?: Role;
  readonly number?: number;
  readonly shard?: number;
  readonly boot?: string;
  readonly startedAtMs?: number;
}

export class HandPeer {
  readonly stranger: Stranger;
  readonly self: Identity;
  readonly machine: DialerHandshake;
  readonly world: World;

  constructor(world: World, target: TestNode, wish: HandWish = {}) {
    this.world = world;
    this.stranger = world.net.stranger(target.address);
    this.self = identity({
      role: wish.role ?? "center",
      number: wish.number ?? 1,
      shard: wish.shard ?? 1,
      boot: wish.boot ?? "ee".repeat(16),
      startedAtMs: wish.startedAtMs ?? world.clock.wallMs(),
    });
    const own: HandshakeSelf = {
      self: this.self,
      cluster: CLUSTER,
      keys: [KEY],
      heartbeatMs: 1000,
      random: seededRandom(4711),
      digest,
      ...wish,
    };
    this.machine = new DialerHandshake(own, { role: target.self.role, number: target.self.number });
    world.clock.run(5);
  }

  get conn(): TestConn {
    return this.stranger.conn as TestConn;
  }
  get isClosed(): boolean {
    return this.stranger.isClosed || this.stranger.isEnded;
  }

  write(bytes: Uint8Array): this {
    this.stranger.write(bytes);
    this.world.clock.run(5);
    return this;
  }

  /** Sends hello and returns the machine's answer to what comes back: the proof. */
  hello(): HandshakeStep {
    this.write(this.machine.start());
    return this.machine.receive(this.lastFrame(), 0);
  }

  /** All of the handshake. */
  shake(): this {
    const step = this.hello();
    if (step.kind !== "send") throw new Error(`the handshake ended with ${JSON.stringify(step)}`);
    this.write(step.frame);
    return this;
  }

  frames(): Uint8Array[] {
    const out: Uint8Array[] = [];
    const decoder = new Decoder();
    decoder.setReady();
    decoder.push(this.stranger.received, (buffer, offset) => {
      out.push(buffer.slice(offset, offset + frameSize(buffer, offset)));
      return true;
    });
    return out;
  }

  lastFrame(): Uint8Array {
    return this.frames().at(-1) ?? new Uint8Array(0);
  }

  kinds(): string[] {
    return this.frames().map((frame) => kindName(frameKind(frame, 0)) ?? "?");
  }

  refusal(): string | undefined {
    const frame = this.frames().find((one) => frameKind(one, 0) === Kind.refuse);
    return frame === undefined ? undefined : decodeRefuse(frameBody(frame, 0))?.reason;
  }
}

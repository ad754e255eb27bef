/**
 * Two or more simulated machines with a network, and conns that write down what they hear.
 */

import type { Conn, ConnHandler, DialHandler } from "#link/transport.ts";
import type { NetworkOptions } from "#module/simulator/sim_network.ts";
import { SimNetwork } from "#module/simulator/sim_network.ts";
import { SimWorld } from "#module/simulator/sim_world.ts";
import { drain } from "../../sim/drain.ts";

export class Recorder implements ConnHandler {
  readonly events: string[] = [];
  readonly bytes: number[] = [];
  /** Virtual time of each byte. */
  readonly atMs: number[] = [];
  readonly #world: SimWorld;
  conn: Conn | undefined;

  constructor(world: SimWorld) {
    this.#world = world;
  }

  data(chunk: Uint8Array): void {
    for (const byte of chunk) {
      this.bytes.push(byte);
      this.atMs.push(this.#world.nowMs);
    }
  }

  drained(): void {
    this.events.push("drained");
  }

  ended(): void {
    this.events.push("ended");
  }

  closed(reason: string): void {
    this.events.push(`closed ${reason}`);
  }
}

export function makeWorld(options: { seed?: number; network?: Omit<NetworkOptions, "world"> } = {}): {
  world: SimWorld;
  network: SimNetwork;
} {
  const world = new SimWorld({ seed: options.seed ?? 1, drain });
  return { world, network: new SimNetwork({ world, ...options.network }) };
}

/** An open conn from machine "a" to machine "b", port 7. */
export function connected(options: { seed?: number; network?: Omit<NetworkOptions, "world"> } = {}): {
  world: SimWorld;
  network: SimNetwork;
  a: Recorder;
  b: Recorder;
} {
  const { world, network } = makeWorld(options);
  const a = new Recorder(world);
  const b = new Recorder(world);
  const server = network.transport(world.host("b").start());
  server.listen({ host: "b", port: 7 }, (conn) => {
    b.conn = conn;
    return b;
  });
  network.transport(world.host("a").start()).dial({ host: "b", port: 7 }, adopt(a));
  world.runUntil(() => a.conn !== undefined && b.conn !== undefined, 1000);
  return { world, network, a, b };
}

export function adopt(recorder: Recorder): DialHandler {
  return {
    opened: (conn) => {
      recorder.conn = conn;
      return recorder;
    },
    failed: (reason) => recorder.events.push(`failed ${reason}`),
  };
}

/** `count` bytes that tell their place. */
export function pattern(count: number, from = 0): Uint8Array {
  return Uint8Array.from({ length: count }, (_value, index) => (from + index) % 251);
}

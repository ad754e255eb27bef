/**
 * What every Transport promises (link/transport.ts), as one suite: run by Bun's sockets, by Deno's, and by the network
 * of the simulator. Asks nothing that is true on one of them only.
 */

import { afterEach, beforeEach, describe, expect, test } from "#test";
import type { Address, Conn, ConnHandler, Listener, Transport } from "#link/transport.ts";
import { ListenError } from "#link/transport.ts";

export interface TransportGround {
  readonly server: Transport;
  readonly client: Transport;
  /** To listen on; port 0. */
  readonly address: Address;
  /** More than any buffer on the way holds. */
  readonly manySize: number;
  /** Lets things happen until it holds; throws when it does not for long. */
  until(condition: () => boolean): Promise<void>;
}

/** What one end hears, in order. */
class Ear implements ConnHandler {
  readonly conn: Conn;
  readonly events: string[] = [];
  readonly chunks: Uint8Array[] = [];
  size = 0;
  onDrained: () => void = () => undefined;

  constructor(conn: Conn) {
    this.conn = conn;
  }
  get text(): string {
    const decoder = new TextDecoder();
    return this.chunks.map((chunk) => decoder.decode(chunk, { stream: true })).join("");
  }
  get closedCount(): number {
    return this.events.filter((event) => event === "closed").length;
  }
  data(chunk: Uint8Array): void {
    this.chunks.push(chunk);
    this.size += chunk.length;
    if (this.events.at(-1) !== "data") this.events.push("data");
  }
  drained(): void {
    this.onDrained();
  }
  ended(): void {
    this.events.push("ended");
  }
  closed(): void {
    this.events.push("closed");
  }
}

/** A terminated conn is a reset on some systems and an end on others: a link takes both for the end. */
const isOver = (ear: Ear | undefined): boolean =>
  ear !== undefined && (ear.events.includes("ended") || ear.closedCount > 0);

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

export function transportConformance(name: string, makeGround: () => TransportGround): void {
  let ground: TransportGround;
  let cleanups: (() => void)[] = [];

  function listen(accept?: (conn: Conn) => ConnHandler): { readonly listener: Listener; readonly accepted: Ear[] } {
    const accepted: Ear[] = [];
    const listener = ground.server.listen(ground.address, (conn) => {
      cleanups.push(() => conn.terminate());
      const given = accept?.(conn);
      if (given !== undefined) return given;
      const ear = new Ear(conn);
      accepted.push(ear);
      return ear;
    });
    cleanups.push(() => listener.close());
    return { listener, accepted };
  }

  /** `opened` has the ear, or `failed` the reasons. */
  function dial(address: Address): { readonly opened: Ear[]; readonly failed: string[]; cancel(): void } {
    const opened: Ear[] = [];
    const failed: string[] = [];
    const attempt = ground.client.dial(address, {
      opened: (conn) => {
        cleanups.push(() => conn.terminate());
        const ear = new Ear(conn);
        opened.push(ear);
        return ear;
      },
      failed: (reason) => failed.push(reason),
    });
    return { opened, failed, cancel: () => attempt.cancel() };
  }

  async function pair(): Promise<{ readonly near: Ear; readonly far: Ear; readonly listener: Listener }> {
    const { listener, accepted } = listen();
    const { opened } = dial(listener.address);
    await ground.until(() => opened.length > 0 && accepted.length > 0);
    return { near: opened[0] as Ear, far: accepted[0] as Ear, listener };
  }

  describe(`${name}: conformance`, () => {
    beforeEach(() => {
      cleanups = [];
      ground = makeGround();
    });
    afterEach(() => {
      for (const cleanup of cleanups) cleanup();
    });

    test("carries bytes both ways", async () => {
      const { near, far } = await pair();
      expect(near.conn.write(bytes("down"))).toBe(4);
      // Over TLS the end that accepts takes nothing before it knows who the other one is.
      await ground.until(() => far.text === "down");
      expect(far.conn.write(bytes("up"))).toBe(2);
      await ground.until(() => near.text === "up");
      expect(near.conn.write(new Uint8Array(0))).toBe(0);
    });

    test("copies what it takes: the writer uses its buffer again at once", async () => {
      const { near, far } = await pair();
      const buffer = bytes("first");
      near.conn.write(buffer);
      buffer.fill(0x78);
      near.conn.write(bytes("second"));
      await ground.until(() => far.size === 11);
      expect(far.text).toBe("firstsecond");
    });

    test("takes a prefix when it is full, says when there is room, and loses and reorders nothing", async () => {
      const { near, far } = await pair();
      const payload = new Uint8Array(ground.manySize).map((_, index) => (index * 31) >> 3);
      let offset = 0;
      let fullCount = 0;
      const pump = (): void => {
        while (offset < payload.length) {
          const taken = near.conn.write(payload.subarray(offset));
          if (taken <= 0) {
            fullCount += 1;
            return;
          }
          offset += taken;
        }
      };
      near.onDrained = pump;
      pump();
      expect(offset).toBeLessThan(payload.length);
      await ground.until(() => far.size === payload.length);
      expect(fullCount).toBeGreaterThan(0);
      let at = 0;
      let isSame = true;
      for (const chunk of far.chunks) {
        for (let index = 0; index < chunk.length; index += 1) isSame &&= chunk[index] === payload[at + index];
        at += chunk.length;
      }
      expect(isSame).toBe(true);
    });

    test("pause holds the sender back, and nothing arrives until resume", async () => {
      const { near, far } = await pair();
      // Over TLS the end that accepts takes nothing before it knows who the other one is.
      near.conn.write(bytes("x"));
      await ground.until(() => far.size === 1);
      far.conn.pause();
      const chunk = new Uint8Array(64 * 1024);
      let taken = 1;
      for (let written = -1; written !== 0; taken += written) written = near.conn.write(chunk);
      expect(taken).toBeLessThan(64 * 1024 * 1024);
      // A way for this to be noticed: the other direction still works.
      far.conn.write(bytes("paused"));
      await ground.until(() => near.text === "paused");
      expect(far.size).toBe(1);
      far.conn.resume();
      await ground.until(() => far.size === taken);
    });

    test("shutdown lets all that was taken arrive, then ends one way only", async () => {
      const { near, far } = await pair();
      near.conn.write(bytes("last words"));
      near.conn.shutdown();
      await ground.until(() => far.events.includes("ended"));
      expect(far.text).toBe("last words");
      expect(near.conn.write(bytes("more"))).toBe(-1);
      far.conn.write(bytes("answer"));
      await ground.until(() => near.text === "answer");
      far.conn.shutdown();
      await ground.until(() => near.closedCount + far.closedCount === 2);
      // Who ended first need not hear of the other's end apart from the close.
      expect(near.events.filter((event) => event !== "ended")).toEqual(["data", "closed"]);
      expect(far.events).toEqual(["data", "ended", "closed"]);
    });

    test("terminate closes at once; the other end hears that it is over, and each is told once", async () => {
      const { near, far } = await pair();
      near.conn.terminate();
      near.conn.terminate();
      await ground.until(() => near.closedCount === 1 && isOver(far));
      expect(near.conn.write(bytes("x"))).toBe(-1);
      near.conn.shutdown();
      near.conn.pause();
      near.conn.resume();
      far.conn.terminate();
      await ground.until(() => far.closedCount > 0);
      expect([near.events, far.events.filter((event) => event !== "ended")]).toEqual([["closed"], ["closed"]]);
    });

    test("a handler may terminate its conn from within what it is told", async () => {
      const told: string[] = [];
      const { listener } = listen((conn) => ({
        data: () => {
          told.push("data");
          conn.terminate();
          conn.write(bytes("x"));
        },
        drained: () => undefined,
        ended: () => told.push("ended"),
        closed: () => told.push("closed"),
      }));
      const { opened } = dial(listener.address);
      await ground.until(() => opened.length > 0);
      opened[0]?.conn.write(bytes("x"));
      await ground.until(() => isOver(opened[0]) && told.includes("closed"));
      expect(told).toEqual(["data", "closed"]);
    });

    test("tells the handler of a conn that was terminated while it was accepted", async () => {
      const ears: Ear[] = [];
      const { listener } = listen((conn) => {
        conn.terminate();
        const ear = new Ear(conn);
        ears.push(ear);
        return ear;
      });
      const { opened, failed } = dial(listener.address);
      await ground.until(() => (isOver(opened[0]) || failed.length === 1) && ears[0]?.closedCount === 1);
      expect(ears[0]?.events).toEqual(["closed"]);
    });

    test("closing the listener keeps conns that are open and refuses new ones", async () => {
      const { near, far, listener } = await pair();
      listener.close();
      near.conn.write(bytes("still here"));
      await ground.until(() => far.text === "still here");
      const { failed, opened } = dial(listener.address);
      await ground.until(() => failed.length + opened.length > 0);
      expect([opened.length, failed.length]).toEqual([0, 1]);
    });

    test("throws ListenError for an address that is taken, and can take it when it is free again", async () => {
      const { listener } = listen();
      const again = (): Listener => ground.server.listen(listener.address, (conn) => new Ear(conn));
      expect(again).toThrow(ListenError);
      listener.close();
      let second: Listener | undefined;
      // Some let go of it a moment later.
      await ground.until(() => {
        try {
          second = again();
          return true;
        } catch {
          return false;
        }
      });
      expect(second?.address.port).toBe(listener.address.port);
      second?.close();
    });

    test("a cancelled dial is heard of no more, and leaves no conn", async () => {
      const { listener, accepted } = listen();
      const attempt = dial(listener.address);
      attempt.cancel();
      const other = dial(listener.address);
      await ground.until(() => other.opened.length === 1 && accepted.length > 0);
      // The one conn that stays open is that of the other dial.
      await ground.until(() => accepted.filter((ear) => !isOver(ear)).length === 1);
      expect([attempt.opened, attempt.failed, other.opened[0]?.closedCount]).toEqual([[], [], 0]);
    });
  });
}

/** Looks again as things happen on the real network. */
export async function untilReal(condition: () => boolean): Promise<void> {
  const endMs = performance.now() + 20_000;
  while (!condition()) {
    if (performance.now() > endMs) throw new Error("waited 20 s for what did not happen");
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

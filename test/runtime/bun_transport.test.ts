import { afterEach, describe, expect, test } from "#test";
import { createHash } from "node:crypto";
import { createServer } from "node:net";
import { type Conn, type Listener, ListenError } from "../../src/link/transport.ts";
import { BunTransport } from "../../src/runtime/bun_transport.ts";
import { ConnRecorder } from "./conn_recorder.ts";

const LOOPBACK = { host: "127.0.0.1", port: 0 };
const cleanups: (() => void)[] = [];

afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
});

function listen(transport: BunTransport, host = "127.0.0.1"): { listener: Listener; accepted: Promise<ConnRecorder> } {
  const accepted = Promise.withResolvers<ConnRecorder>();
  const listener = transport.listen({ host, port: 0 }, (conn) => {
    const recorder = new ConnRecorder(conn);
    cleanups.push(() => conn.terminate());
    accepted.resolve(recorder);
    return recorder;
  });
  cleanups.push(() => listener.close());
  return { listener, accepted: accepted.promise };
}

function dial(transport: BunTransport, address: Listener["address"]): Promise<ConnRecorder> {
  return new Promise((resolve, reject) => {
    transport.dial(address, {
      opened: (conn) => {
        const recorder = new ConnRecorder(conn);
        cleanups.push(() => conn.terminate());
        resolve(recorder);
        return recorder;
      },
      failed: (reason) => reject(new Error(reason)),
    });
  });
}

async function pair(): Promise<{ near: ConnRecorder; far: ConnRecorder; transport: BunTransport; listener: Listener }> {
  const transport = new BunTransport({ connsMax: 100 });
  const { listener, accepted } = listen(transport);
  const near = await dial(transport, listener.address);
  return { near, far: await accepted, transport, listener };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("BunTransport", () => {
  test("carries bytes both ways and names the other end", async () => {
    const { near, far, listener } = await pair();
    expect(near.conn.remote).toBe(`127.0.0.1:${listener.address.port}`);
    expect(far.conn.remote).toStartWith("127.0.0.1:");
    near.conn.write(bytes("down"));
    far.conn.write(bytes("up"));
    await far.until(() => far.text === "down");
    await near.until(() => near.text === "up");
  });

  test("takes a prefix when it is full and says when there is room: 24 MiB arrive whole", async () => {
    const { near, far } = await pair();
    const payload = new Uint8Array(24 * 1024 * 1024).map((_, index) => (index * 31) >> 3);
    let offset = 0;
    let fullCount = 0;
    const pump = (): void => {
      while (offset < payload.length) {
        const taken = near.conn.write(payload.subarray(offset));
        expect(taken).not.toBe(-1);
        offset += taken;
        if (taken === 0) fullCount += 1;
        if (taken === 0) return;
      }
    };
    near.onDrained = pump;
    pump();
    expect(offset).toBeLessThan(payload.length);
    await far.until(() => far.receivedSize === payload.length);
    expect(fullCount).toBeGreaterThan(0);
    const hash = (parts: readonly Uint8Array[]): string => {
      const hasher = createHash("sha256");
      for (const part of parts) hasher.update(part);
      return hasher.digest("hex");
    };
    expect(hash(far.chunks)).toBe(hash([payload]));
  });

  test("pause holds the sender back until resume", async () => {
    const { near, far } = await pair();
    far.conn.pause();
    const chunk = new Uint8Array(1024 * 1024);
    let taken = 0;
    for (let written = -1; written !== 0; taken += written) written = near.conn.write(chunk);
    expect(taken).toBeLessThan(64 * 1024 * 1024);
    const before = far.receivedSize;
    expect(before).toBe(0);
    far.conn.resume();
    await far.until(() => far.receivedSize === taken);
  });

  test("shutdown lets all that was taken arrive, then ends one way only", async () => {
    const { near, far } = await pair();
    near.conn.write(bytes("last words"));
    near.conn.shutdown();
    await far.until(() => far.events.includes("ended"));
    expect(far.text).toBe("last words");
    expect(near.conn.write(bytes("more"))).toBe(-1);
    far.conn.write(bytes("answer"));
    await near.until(() => near.text === "answer");
    far.conn.shutdown();
    await Promise.all([near.until(() => near.closedCount > 0), far.until(() => far.closedCount > 0)]);
    expect([near.closedCount, far.closedCount]).toEqual([1, 1]);
  });

  test("terminate closes both ends, each told exactly once, and nothing follows", async () => {
    const { near, far, transport } = await pair();
    near.conn.terminate();
    near.conn.terminate();
    await Promise.all([near.until(() => near.closedCount > 0), far.until(() => far.closedCount > 0)]);
    expect(near.conn.write(bytes("x"))).toBe(-1);
    near.conn.shutdown();
    near.conn.pause();
    near.conn.resume();
    far.conn.terminate();
    expect([near.events, far.events]).toEqual([["closed"], ["closed"]]);
    expect(transport.connCount).toBe(0);
  });

  test("tells the handler of a conn that was terminated while it was accepted", async () => {
    const transport = new BunTransport({ connsMax: 10 });
    const told = Promise.withResolvers<ConnRecorder>();
    const listener = transport.listen(LOOPBACK, (conn) => {
      conn.terminate();
      const recorder = new ConnRecorder(conn);
      told.resolve(recorder);
      return recorder;
    });
    cleanups.push(() => listener.close());
    const near = await dial(transport, listener.address);
    const far = await told.promise;
    await Promise.all([near.until(() => near.closedCount === 1), far.until(() => far.closedCount === 1)]);
  });

  test("closing the listener keeps conns that are open and refuses new ones", async () => {
    const { near, far, transport, listener } = await pair();
    listener.close();
    near.conn.write(bytes("still here"));
    await far.until(() => far.text === "still here");
    const refused = await dial(transport, listener.address).then(() => "opened", String);
    expect(refused).toBe("Error: connection refused");
  });

  test("says why it cannot listen", () => {
    const transport = new BunTransport({ connsMax: 10 });
    const { listener } = listen(transport);
    const { port } = listener.address;
    const failure = (host: string): unknown => {
      try {
        return transport.listen({ host, port }, (conn) => new ConnRecorder(conn));
      } catch (error) {
        return error;
      }
    };
    const taken = failure("127.0.0.1");
    expect(taken).toBeInstanceOf(ListenError);
    expect(taken instanceof Error && taken.message).toBe(`Cannot listen on 127.0.0.1:${port}: the port is in use`);
    const foreign = failure("203.0.113.7");
    expect(foreign instanceof Error && foreign.message).toBe(
      `Cannot listen on 203.0.113.7:${port}: the address is not one of this machine`,
    );
  });

  test("reports a failed dial once", async () => {
    const transport = new BunTransport({ connsMax: 10 });
    const { listener } = listen(transport);
    listener.close();
    const reasons: string[] = [];
    const over = Promise.withResolvers<void>();
    transport.dial(listener.address, {
      opened: (conn) => new ConnRecorder(conn),
      failed: (reason) => {
        reasons.push(reason);
        over.resolve();
      },
    });
    await over.promise;
    await new Promise((resolve) => setImmediate(() => setImmediate(resolve)));
    expect(reasons).toEqual(["connection refused"]);
    expect(transport.connCount).toBe(0);
  });

  test("a cancelled dial that opens late is closed and nobody hears of it", async () => {
    const transport = new BunTransport({ connsMax: 10 });
    const { listener, accepted } = listen(transport);
    let heard = 0;
    const attempt = transport.dial(listener.address, {
      opened: (conn) => {
        heard += 1;
        return new ConnRecorder(conn);
      },
      failed: () => {
        heard += 1;
      },
    });
    attempt.cancel();
    const far = await accepted;
    await far.until(() => far.closedCount === 1);
    expect(heard).toBe(0);
    expect(transport.connCount).toBe(0);
  });

  test("dials names, with one conn for each dial", async () => {
    const transport = new BunTransport({ connsMax: 10 });
    let acceptedCount = 0;
    const server = createServer((socket) => {
      acceptedCount += 1;
      socket.end("hello");
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    cleanups.push(() => server.close());
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const near = await dial(transport, { host: "localhost", port });
    await near.until(() => near.events.includes("ended"));
    near.conn.terminate();
    expect(near.text).toBe("hello");
    expect(acceptedCount).toBe(1);
    const unknown = await dial(transport, { host: "no-such-host.invalid", port }).then(() => "opened", String);
    expect(unknown).toStartWith("Error: Cannot resolve no-such-host.invalid: ");
  });

  test("closes what goes beyond its limit and goes on serving the others", async () => {
    let overCount = 0;
    const server = new BunTransport({ connsMax: 2, onOverLimit: () => (overCount += 1) });
    const client = new BunTransport({ connsMax: 100 });
    const acceptedConns: Conn[] = [];
    const listener = server.listen(LOOPBACK, (conn) => {
      acceptedConns.push(conn);
      return new ConnRecorder(conn);
    });
    cleanups.push(() => listener.close());
    const first = await dial(client, listener.address);
    const second = await dial(client, listener.address);
    const third = await dial(client, listener.address);
    await third.until(() => third.closedCount === 1);
    expect([acceptedConns.length, overCount, server.connCount]).toEqual([2, 1, 2]);
    first.conn.terminate();
    second.conn.write(bytes("x"));
    expect([first.closedCount, second.closedCount]).toEqual([1, 0]);
  });
});

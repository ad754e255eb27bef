/** Mutual TLS on real sockets: who is let in and why not, and that a conn over TLS is a conn like any other. */

import { afterEach, describe, expect, test } from "#test";
import { createHash } from "node:crypto";
import { connect } from "node:net";
import { join } from "node:path";
import type { TlsTexts } from "../../src/link/tls.ts";
import type { Listener, TlsFault } from "../../src/link/transport.ts";
import { BunTransport } from "../../src/runtime/bun_transport.ts";
import { hasOpenssl, TestAuthority } from "./certificates.ts";
import { ConnRecorder } from "./conn_recorder.ts";
import { cleanFolders, temporaryFolder } from "./temporary_folder.ts";

const NAME = "gateway-1.test";
const cleanups: (() => void)[] = [];

/** Made once, kept as texts. */
function makeCertificates(): Record<"gateway" | "center" | "expired" | "strange_gateway" | "strange_center", TlsTexts> {
  const folder = temporaryFolder();
  const ours = new TestAuthority(join(folder, "ours"));
  const others = new TestAuthority(join(folder, "others"));
  ours.sign("gateway", { names: [NAME] });
  ours.sign("center", { names: ["center-1.test", "machine-7.internal"] });
  ours.sign("expired", { names: [NAME, "center-1.test"], days: -1 });
  others.sign("gateway", { names: [NAME] });
  others.sign("center", { names: ["center-1.test"] });
  const made = {
    gateway: ours.texts("gateway"),
    center: ours.texts("center"),
    expired: ours.texts("expired"),
    // They trust us, but we do not trust them.
    strange_gateway: others.texts("gateway", ours),
    strange_center: others.texts("center", ours),
  };
  cleanFolders();
  return made;
}

const NONE: TlsTexts = { certificate: "", key: "", authority: "" };
const CERTIFICATES = hasOpenssl
  ? makeCertificates()
  : { gateway: NONE, center: NONE, expired: NONE, strange_gateway: NONE, strange_center: NONE };

interface Dialled {
  readonly near: ConnRecorder | undefined;
  readonly failure: { readonly reason: string; readonly tlsFault: TlsFault | undefined } | undefined;
}

interface Ground {
  readonly server: BunTransport;
  readonly client: BunTransport;
  readonly listener: Listener;
  readonly accepted: Promise<ConnRecorder>;
}

function ground(server: TlsTexts | undefined, client: TlsTexts | undefined): Ground {
  const transportOf = (texts: TlsTexts | undefined): BunTransport => {
    const plain = new BunTransport({ connsMax: 100 });
    return texts === undefined ? plain : plain.secured(texts);
  };
  const accepted = Promise.withResolvers<ConnRecorder>();
  const of = { server: transportOf(server), client: transportOf(client), accepted: accepted.promise };
  const listener = of.server.listen({ host: "127.0.0.1", port: 0 }, (conn) => {
    const recorder = new ConnRecorder(conn);
    cleanups.push(() => conn.terminate());
    accepted.resolve(recorder);
    return recorder;
  });
  cleanups.push(() => listener.close());
  return { ...of, listener };
}

function dial(on: Ground, name: string | undefined = NAME): Promise<Dialled> {
  return new Promise((resolve) => {
    const handler = {
      opened: (conn: ConnRecorder["conn"]) => {
        const near = new ConnRecorder(conn);
        cleanups.push(() => conn.terminate());
        resolve({ near, failure: undefined });
        return near;
      },
      failed: (reason: string, tlsFault?: TlsFault) => resolve({ near: undefined, failure: { reason, tlsFault } }),
    };
    on.client.dial(on.listener.address, handler, name);
  });
}

async function pair(): Promise<{ readonly near: ConnRecorder; readonly far: ConnRecorder; readonly on: Ground }> {
  const on = ground(CERTIFICATES.gateway, CERTIFICATES.center);
  const { near, failure } = await dial(on);
  if (near === undefined) throw new Error(failure?.reason);
  return { near, far: await on.accepted, on };
}

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe.skipIf(!hasOpenssl)("BunTransport over TLS", () => {
  afterEach(() => {
    for (const cleanup of cleanups.splice(0)) cleanup();
  });

  test("carries bytes both ways, and each end knows the names of the other", async () => {
    const { near, far } = await pair();
    expect([near.conn.peerNames, near.conn.write(bytes("down"))]).toEqual([[NAME], 4]);
    await far.until(() => far.text === "down");
    expect(far.conn.peerNames).toEqual(["center-1.test", "machine-7.internal"]);
    far.conn.write(bytes("up"));
    await near.until(() => near.text === "up");
    expect([near.conn.tlsFault, far.conn.tlsFault]).toEqual([undefined, undefined]);
  });

  test("takes a prefix when it is full and says when there is room: 16 MiB arrive whole, then a half close", async () => {
    const { near, far } = await pair();
    const payload = new Uint8Array(16 * 1024 * 1024).map((_, index) => (index * 31) >> 3);
    let offset = 0;
    let fullCount = 0;
    near.onDrained = () => {
      while (offset < payload.length) {
        const taken = near.conn.write(payload.subarray(offset));
        expect(taken).not.toBe(-1);
        offset += taken;
        if (taken !== 0) continue;
        fullCount += 1;
        return;
      }
      near.onDrained = () => {};
      near.conn.shutdown();
    };
    near.onDrained();
    await far.until(() => far.events.includes("ended"));
    expect([far.receivedSize, fullCount > 0]).toEqual([payload.length, true]);
    const hash = createHash("sha256");
    for (const chunk of far.chunks) hash.update(chunk);
    expect(hash.digest("hex")).toBe(createHash("sha256").update(payload).digest("hex"));
    // The other way is still open.
    expect(near.conn.write(bytes("more"))).toBe(-1);
    far.conn.write(bytes("answer"));
    await near.until(() => near.text === "answer");
    far.conn.shutdown();
    await Promise.all([near.until(() => near.closedCount > 0), far.until(() => far.closedCount > 0)]);
    expect([near.closedCount, far.closedCount]).toEqual([1, 1]);
  });

  test("pause holds the sender back until resume", async () => {
    const { near, far } = await pair();
    near.conn.write(bytes("x"));
    await far.until(() => far.receivedSize === 1);
    far.conn.pause();
    const chunk = new Uint8Array(1024 * 1024);
    let taken = 1;
    for (let written = -1; written !== 0; taken += Math.max(written, 0)) written = near.conn.write(chunk);
    expect(taken).toBeLessThan(64 * 1024 * 1024);
    expect(far.receivedSize).toBe(1);
    far.conn.resume();
    await far.until(() => far.receivedSize === taken);
  });

  test("a conn that is paused before TLS is established takes nothing then, and holds the sender back after it", async () => {
    const on = ground(CERTIFICATES.gateway, CERTIFICATES.center);
    const dialled = dial(on);
    const far = await on.accepted;
    far.conn.pause();
    expect([far.conn.write(bytes("early")), far.conn.peerNames]).toEqual([0, undefined]);
    const { near } = await dialled;
    await far.until(() => far.events.includes("drained"));
    expect([far.conn.peerNames?.[0], far.conn.write(bytes("late"))]).toEqual(["center-1.test", 4]);
    await near?.until(() => near.text === "late");
    const chunk = new Uint8Array(1024 * 1024);
    let taken = 0;
    for (let written = -1; near !== undefined && written !== 0; taken += Math.max(written, 0)) {
      written = near.conn.write(chunk);
    }
    for (let turns = 0; turns < 200; turns += 1) await new Promise((resolve) => setImmediate(resolve));
    expect(far.receivedSize).toBeLessThan(taken);
    far.conn.resume();
    await far.until(() => far.receivedSize === taken);
  });

  test("terminate closes both ends, each told exactly once, and nothing follows", async () => {
    const { near, far, on } = await pair();
    near.conn.write(bytes("x"));
    await far.until(() => far.receivedSize === 1);
    near.conn.terminate();
    near.conn.terminate();
    await Promise.all([near.until(() => near.closedCount > 0), far.until(() => far.closedCount > 0)]);
    expect([near.conn.write(bytes("x")), near.closedCount, far.closedCount]).toEqual([-1, 1, 1]);
    expect([on.client.connCount, on.server.connCount]).toEqual([0, 0]);
  });

  const BAD_SERVERS: readonly (readonly [string, TlsTexts, string | undefined, string])[] = [
    ["of another CA", CERTIFICATES.strange_gateway, NAME, "is not signed by our CA"],
    ["that has expired", CERTIFICATES.expired, NAME, "has expired"],
    ["of another node", CERTIFICATES.center, NAME, "is for center-1.test, machine-7.internal, not for gateway-1.test"],
    ["when nobody is expected", CERTIFICATES.gateway, "", "is for gateway-1.test, not for "],
  ];
  for (const [what, texts, name, reason] of BAD_SERVERS) {
    test(`dialler closes on a certificate ${what}, and says so`, async () => {
      const on = ground(texts, CERTIFICATES.center);
      const { near, failure } = await dial(on, name);
      expect([near, failure?.tlsFault]).toEqual([undefined, "bad_certificate"]);
      expect(failure?.reason).toContain(`the certificate of the other end ${reason}`);
      const far = await on.accepted;
      await far.until(() => far.closedCount === 1);
      expect([far.events, far.conn.peerNames]).toEqual([["closed"], undefined]);
      expect([on.client.connCount, on.server.connCount]).toEqual([0, 0]);
    });
  }

  const BAD_CLIENTS: readonly (readonly [string, TlsTexts, string])[] = [
    ["of another CA", CERTIFICATES.strange_center, "is not signed by our CA"],
    ["that has expired", CERTIFICATES.expired, "has expired"],
  ];
  for (const [what, texts, reason] of BAD_CLIENTS) {
    test(`acceptor closes on a certificate ${what}, says so, and delivers nothing`, async () => {
      const on = ground(CERTIFICATES.gateway, texts);
      const { near } = await dial(on);
      // Under TLS 1.3 the dialler has not heard yet that it is refused.
      near?.conn.write(bytes("hello"));
      const far = await on.accepted;
      await far.until(() => far.closedCount === 1);
      expect([far.events, far.conn.tlsFault, far.conn.peerNames]).toEqual([["closed"], "bad_certificate", undefined]);
      expect(far.reason).toBe(`the certificate of the other end ${reason}`);
      await near?.until(() => near.closedCount === 1 || near.events.includes("ended"));
    });
  }

  test("acceptor closes on a dialler without a certificate, and says so", async () => {
    const on = ground(CERTIFICATES.gateway, undefined);
    const closed = Promise.withResolvers<void>();
    const socket = await Bun.connect({
      hostname: "127.0.0.1",
      port: on.listener.address.port,
      tls: { ca: CERTIFICATES.gateway.authority, serverName: NAME, rejectUnauthorized: true },
      socket: { data: () => {}, close: () => closed.resolve() },
    });
    cleanups.push(() => socket.terminate());
    const far = await on.accepted;
    await far.until(() => far.closedCount === 1);
    expect([far.conn.tlsFault, far.reason]).toEqual(["bad_certificate", "the other end shows no certificate"]);
    await closed.promise;
  });

  test("acceptor closes on a dialler that speaks no TLS, and says so", async () => {
    const on = ground(CERTIFICATES.gateway, undefined);
    const { near } = await dial(on);
    near?.conn.write(bytes("\0\0\0\x80KF and what a frame has behind it"));
    const far = await on.accepted;
    await far.until(() => far.closedCount === 1);
    expect([far.events, far.conn.tlsFault, far.reason]).toEqual([
      ["closed"],
      "tls_failed",
      "the other end speaks no TLS",
    ]);
  });

  test("dialler gives up on an acceptor that speaks no TLS, and says so", async () => {
    const on = ground(undefined, CERTIFICATES.center);
    const dialled = dial(on);
    const far = await on.accepted;
    await far.until(() => far.receivedSize > 0);
    far.conn.terminate();
    const { failure } = await dialled;
    expect(failure?.tlsFault).toBe("tls_failed");
    expect(failure?.reason).toContain("it may speak none, or not trust our certificate");
  });

  test("a port check is no fault of anybody", async () => {
    const on = ground(CERTIFICATES.gateway, undefined);
    connect(on.listener.address.port, "127.0.0.1").end();
    const far = await on.accepted;
    await far.until(() => far.closedCount === 1);
    expect([far.events, far.conn.tlsFault]).toEqual([["closed"], undefined]);
  });

  test("a dial that is cancelled while TLS is being established closes, and nobody hears of it", async () => {
    const on = ground(undefined, CERTIFICATES.center);
    let heard = 0;
    const attempt = on.client.dial(
      on.listener.address,
      {
        opened: (conn) => {
          heard += 1;
          return new ConnRecorder(conn);
        },
        failed: () => {
          heard += 1;
        },
      },
      NAME,
    );
    const far = await on.accepted;
    // The other end never answers: only the one who dials can end it.
    await far.until(() => far.receivedSize > 0);
    attempt.cancel();
    await far.until(() => far.closedCount === 1 || far.events.includes("ended"));
    expect([heard, on.client.connCount]).toEqual([0, 0]);
  });

  test("shares the limit of conns with the transport that it was made of", async () => {
    const plain = new BunTransport({ connsMax: 1 });
    const server = plain.secured(CERTIFICATES.gateway);
    const on = { ...ground(undefined, CERTIFICATES.center), server };
    const listener = server.listen({ host: "127.0.0.1", port: 0 }, (conn) => new ConnRecorder(conn));
    cleanups.push(() => listener.close());
    const first = await dial({ ...on, listener });
    const second = await dial({ ...on, listener });
    const { near } = second;
    await near?.until(() => near.closedCount === 1 || near.events.includes("ended"));
    expect([first.near !== undefined, plain.connCount]).toEqual([true, 1]);
  });
});

/**
 * What docs/client.md asks of a client and no gateway of ours brings about: the client in C keeps its rules also with a server that
 * answers twice, says what nobody can read, or says nothing any more.
 */

import { describe, expect, test } from "#test";
import type { ServerPacket } from "#session/client_packets.ts";
import { REQUESTS_WAITING_MAX } from "#session/client_packets.ts";
import type { SecondClient } from "../second/second_client.ts";
import { COMPILER, startC } from "./c_client.ts";
import type { Heard } from "./scripted_gateway.ts";
import { ScriptedGateway, WELCOME } from "./scripted_gateway.ts";

const TEST_MS_MAX = 60_000;
const METHOD = 2000;

interface Ends {
  readonly client: SecondClient;
  readonly gateway: ScriptedGateway;
}

/** Nothing may have gone wrong in the client's memory at its end. */
async function withEnds(body: (ends: Ends) => Promise<void>): Promise<void> {
  const gateway = new ScriptedGateway();
  const client = startC({ port: gateway.port, token: "token-1" });
  try {
    await body({ client, gateway });
    expect(await client.end()).toBe(0);
  } finally {
    client.kill();
    gateway.stop();
  }
}

function rule(name: string, body: (ends: Ends) => Promise<void>): void {
  test(name, () => withEnds(body), TEST_MS_MAX);
}

async function login({ client, gateway }: Ends): Promise<void> {
  client.connect();
  expect(await gateway.next()).toEqual({ kind: "hello", token: "token-1", resume: null });
  gateway.welcome();
  await client.next("welcome");
}

function ask(client: SecondClient, body: unknown): void {
  client.request({ method: METHOD, body });
}

function request(seq: number, body: unknown): Heard {
  return { kind: "request", seq, method: METHOD, body };
}

function reply(seq: number, body: unknown): ServerPacket {
  return { kind: "reply", seq, body };
}

function push(pushSeq: number): ServerPacket {
  return { kind: "push", pushSeq, type: "news", body: pushSeq };
}

describe("Second client in C: rules", () => {
  if (COMPILER === undefined) {
    test("are left out where there is no compiler for it", () => {
      console.log("skip: there is no gcc or cc on Linux, so the client in C kept no rules");
      expect(process.platform === "linux" ? (Bun.which("gcc") ?? Bun.which("cc")) : null).toBeNull();
    });
    return;
  }

  rule("says nothing before its welcome, and passes over what it does not know", async ({ client, gateway }) => {
    client.connect();
    await gateway.next();
    ask(client, 1);
    gateway.say({ kind: "queued", place: 3, estimateMs: 500 });
    // Type 100, of a later release.
    gateway.raw(new Uint8Array([0, 0, 0, 3, 0x92, 100, 0]));
    expect(await client.next("queued")).toEqual({ event: "queued", place: 3, estimateMs: 500 });
    expect(gateway.rest).toEqual([]);
    gateway.welcome();
    expect(await gateway.next()).toEqual(request(1, 1));
    gateway.say(reply(1, "yes"));
    await client.next("reply");
  });

  rule("holds back what goes beyond 32, and passes over a second answer", async (ends) => {
    const { client, gateway } = ends;
    await login(ends);
    for (let index = 1; index <= REQUESTS_WAITING_MAX + 2; index += 1) ask(client, index);
    const first = Array.from({ length: REQUESTS_WAITING_MAX }, (_, index) => request(index + 1, index + 1));
    expect(await gateway.some(REQUESTS_WAITING_MAX)).toEqual(first);
    client.ping();
    expect(await gateway.next()).toEqual({ kind: "ping", n: 1 });
    // The second answer makes no room for another.
    gateway.say(reply(1, "a"), reply(1, "b"), { kind: "pong", n: 1, serverMs: 1 });
    expect(await gateway.next()).toEqual(request(33, 33));
    await client.next("pong");
    client.ping();
    expect(await gateway.next()).toEqual({ kind: "ping", n: 2 });
    for (let seq = 2; seq <= REQUESTS_WAITING_MAX + 2; seq += 1) gateway.say(reply(seq, null));
    for (let seq = 1; seq <= REQUESTS_WAITING_MAX + 1; seq += 1) await client.next("reply");
    expect(client.events.filter(({ event }) => event === "reply").slice(0, 2)).toEqual([
      { event: "reply", seq: 1, body: "a" },
      { event: "reply", seq: 2, body: null },
    ]);
  });

  rule("gathers acks, and says one at once after 64 pushes", async (ends) => {
    const { client, gateway } = ends;
    await login(ends);
    gateway.say(push(1), push(2));
    expect(await gateway.next()).toEqual({ kind: "ack", pushSeq: 2 });
    for (let pushSeq = 3; pushSeq <= 70; pushSeq += 1) gateway.say(push(pushSeq));
    expect(await gateway.next()).toEqual({ kind: "ack", pushSeq: 66 });
    expect(await gateway.next()).toEqual({ kind: "ack", pushSeq: 70 });
    expect(client.events.filter(({ event }) => event === "push").length).toBe(70);
  });

  rule("resumes with its newest token, and sends again in order what has no answer", async (ends) => {
    const { client, gateway } = ends;
    await login(ends);
    for (const body of ["a", "b", "c"]) ask(client, body);
    await gateway.some(3);
    gateway.say(push(1), reply(2, "B"), { kind: "renew", resumeToken: "r-2" });
    await client.next("renew");
    gateway.end();
    await client.next("closed");
    ask(client, "d");
    client.connect();
    const resume = { session: WELCOME.session, resumeToken: "r-2", ackedPush: 1 };
    expect(await gateway.some(2)).toEqual([{ kind: "ended" }, { kind: "hello", token: "token-1", resume }]);
    gateway.welcome({ resumed: true, resumeToken: "r-3", answered: 0 });
    expect(await gateway.some(3)).toEqual([request(1, "a"), request(3, "c"), request(4, "d")]);
    for (const seq of [1, 3, 4]) gateway.say(reply(seq, null));
    for (let count = 0; count < 4; count += 1) await client.next("reply");
  });

  const faults: readonly (readonly [string, string, Uint8Array])[] = [
    ["a packet of no bytes", "bad_packet", new Uint8Array([0, 0, 0, 0])],
    ["a size over the limit", "too_large", new Uint8Array([0, 16, 0, 1])],
    ["an answer to what it never sent", "bad_packet", new Uint8Array([0, 0, 0, 4, 0x93, 19, 2, 0xc0])],
    ["a gap in the pushes", "bad_packet", new Uint8Array([0, 0, 0, 6, 0x94, 21, 3, 0xa1, 0x61, 0xc0])],
    ["a place in the queue after its welcome", "bad_packet", new Uint8Array([0, 0, 0, 4, 0x93, 17, 1, 1])],
  ];
  for (const [what, why, bytes] of faults) {
    rule(`leaves a server that says ${what}, and its session with it`, async (ends) => {
      const { client, gateway } = ends;
      await login(ends);
      ask(client, 1);
      await gateway.next();
      gateway.raw(bytes);
      expect(await client.next("error")).toMatchObject({ seq: 1, code: "LINK_LOST", executed: null });
      expect(await client.next("closed")).toEqual({ event: "closed", why });
      client.connect();
      expect(await gateway.some(2)).toEqual([{ kind: "ended" }, { kind: "hello", token: "token-1", resume: null }]);
      gateway.welcome();
      await client.next("welcome");
    });
  }

  rule("keeps the session after `idle`, forgets it after `replaced`", async (ends) => {
    const { client, gateway } = ends;
    await login(ends);
    ask(client, 1);
    await gateway.next();
    gateway.say({ kind: "kicked", code: "idle", detail: "" });
    await client.next("closed");
    client.connect();
    const resume = { session: WELCOME.session, resumeToken: "r-1", ackedPush: 0 };
    expect(await gateway.some(2)).toEqual([{ kind: "ended" }, { kind: "hello", token: "token-1", resume }]);
    gateway.welcome({ resumed: true });
    await gateway.next();
    gateway.say({ kind: "kicked", code: "replaced", detail: "a newer login" });
    expect(await client.next("error")).toMatchObject({ seq: 1, code: "LINK_LOST", executed: null });
    await client.next("closed");
    client.connect();
    expect(await gateway.some(2)).toEqual([{ kind: "ended" }, { kind: "hello", token: "token-1", resume: null }]);
    gateway.welcome();
    await client.next("welcome");
  });

  rule("pings, and leaves a server that is silent for two intervals", async ({ client, gateway }) => {
    client.connect();
    await gateway.next();
    gateway.welcome({ heartbeatMs: 300 });
    expect(await gateway.next()).toEqual({ kind: "ping", n: 1 });
    expect(await client.next("closed")).toEqual({ event: "closed", why: "silent" });
  });

  rule("says bye, waits for the server to close, and passes over what still comes", async (ends) => {
    const { client, gateway } = ends;
    await login(ends);
    ask(client, 1);
    await gateway.next();
    client.bye();
    expect(await gateway.next()).toEqual({ kind: "bye" });
    expect(await client.next("error")).toMatchObject({ seq: 1, code: "LINK_LOST", executed: null });
    gateway.say(reply(1, "late"), push(9));
    gateway.end();
    expect(await client.next("closed")).toEqual({ event: "closed", why: "ended" });
    expect(client.events.filter(({ event }) => event === "reply" || event === "push")).toEqual([]);
  });
});

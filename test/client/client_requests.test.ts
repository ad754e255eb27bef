import * as v from "valibot";
import { describe, expect, test } from "#test";
import { REQUESTS_BURST, REQUESTS_PER_S } from "#client/pace.ts";
import { REQUESTS_QUEUED_MAX } from "#client/request_ledger.ts";
import { contract } from "#rpc/contract.ts";
import { PACKET_UP_SIZE_MAX, REQUESTS_WAITING_MAX } from "#session/client_packets.ts";
import { HELLO, Script, WELCOME, endOf, request } from "./script.ts";

const Boss = contract("boss", {
  hit: { id: 2000, request: v.object({ damage: v.number() }), reply: v.object({ rank: v.number() }) },
});

describe("PlayerClient: requests", () => {
  test("a reply and an error find their request, in whatever order", async () => {
    const script = new Script();
    await script.login();
    const first = script.client.request(Boss.hit, { damage: 1 });
    const second = script.client.request(Boss.hit, { damage: 2 });
    expect(script.takeSent()).toEqual([request(1, { damage: 1 }), request(2, { damage: 2 })]);
    script.say({ kind: "error", seq: 2, code: "OVERLOADED", detail: "busy", executed: false });
    script.say({ kind: "reply", seq: 1, body: { rank: 7 } });
    expect([await endOf(first), await endOf(second)]).toEqual([{ rank: 7 }, { code: "OVERLOADED", executed: false }]);
  });

  test("one that is made before the welcome goes after it", async () => {
    const script = new Script();
    await script.greet();
    const early = script.client.request(2000, "early");
    expect(script.takeSent()).toEqual([HELLO]);
    script.say({ kind: "welcome", welcome: WELCOME });
    expect(script.takeSent()).toEqual([request(1, "early")]);
    script.say({ kind: "reply", seq: 1, body: null });
    expect(await endOf(early)).toBe(null);
  });

  test("no more are under way than the server takes, and no more wait than is allowed", async () => {
    const script = new Script();
    await script.login();
    const count = REQUESTS_WAITING_MAX + REQUESTS_QUEUED_MAX + 1;
    const ends = Array.from({ length: count }, (_, index) => endOf(script.client.request(2000, index)));
    expect(script.takeSent().length).toBe(REQUESTS_WAITING_MAX);
    expect(await ends.at(-1)).toEqual({ code: "OVERLOADED", executed: false });
    script.say({ kind: "reply", seq: 1, body: "done" });
    expect(script.takeSent()).toEqual([request(REQUESTS_WAITING_MAX + 1, REQUESTS_WAITING_MAX)]);
    expect(await ends[0]).toBe("done");
  });

  test("are sent no faster than a gateway takes them, and counted anew on a new connection", async () => {
    const script = new Script();
    await script.login({ heartbeatMs: 60_000 });
    for (let index = 0; index < 170; index += 1) void endOf(script.client.request(2000, index));
    const answered = (): number => {
      const sent = script.takeSent() as readonly { readonly seq: number }[];
      for (const { seq } of sent) script.say({ kind: "reply", seq, body: null });
      return sent.length;
    };
    const burst: number[] = [];
    for (let sent = answered(); sent > 0; sent = answered()) burst.push(sent);
    expect(burst.reduce((sum, sent) => sum + sent, 0)).toBe(REQUESTS_BURST);
    let later = 0;
    for (let count = 0; count < 100; count += 1) {
      await script.run(10);
      later += answered();
    }
    expect(later).toBe(REQUESTS_PER_S);
    script.socket.closed();
    await script.run(250);
    script.socket.opened();
    script.takeSent();
    script.say({ kind: "welcome", welcome: { ...WELCOME, resumed: true, answered: REQUESTS_BURST + later } });
    expect(answered()).toBe(30);
  });

  test("that are sent again count against the pace as well", async () => {
    const script = new Script();
    await script.login({ heartbeatMs: 60_000 });
    for (let index = 0; index < 200; index += 1) void endOf(script.client.request(2000, index));
    script.socket.closed();
    await script.run(250);
    script.socket.opened();
    script.takeSent();
    script.say({ kind: "welcome", welcome: { ...WELCOME, resumed: true } });
    let total = 0;
    for (;;) {
      const sent = script.takeSent() as readonly { readonly seq: number }[];
      if (sent.length === 0) break;
      total += sent.length;
      for (const { seq } of sent) script.say({ kind: "reply", seq, body: null });
    }
    expect(total).toBe(REQUESTS_BURST);
  });

  test("of many bytes that are sent again wait for their turn as well, and in their order", async () => {
    const script = new Script();
    await script.login({ heartbeatMs: 60_000 });
    const numbers = (): readonly number[] => script.takeSent().map((sent) => (sent as { readonly seq: number }).seq);
    for (let index = 0; index < 8; index += 1) void endOf(script.client.request(2000, new Uint8Array(60_000)));
    await script.run(4_000);
    expect(numbers()).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    await script.reopen();
    script.takeSent();
    script.say({ kind: "welcome", welcome: { ...WELCOME, resumed: true } });
    void endOf(script.client.request(2000, "newer"));
    expect(numbers()).toEqual([1, 2, 3, 4, 5, 6]);
    // Its answer was on its way already: it need not go again.
    script.say({ kind: "reply", seq: 7, body: null });
    await script.run(1_000);
    expect(numbers()).toEqual([8, 9]);
  });

  test("a signal that outlives its request is left alone", async () => {
    const script = new Script();
    await script.login();
    const { signal } = new AbortController();
    const left: string[] = [];
    signal.removeEventListener = (type: string) => void left.push(type);
    const end = endOf(script.client.request(2000, 1, { signal }));
    script.say({ kind: "reply", seq: 1, body: "done" });
    expect({ end: await end, left }).toEqual({ end: "done", left: ["abort"] });
  });

  test("of many bytes wait for their turn as well", async () => {
    const script = new Script();
    await script.login({ heartbeatMs: 60_000 });
    for (let index = 0; index < 8; index += 1) void endOf(script.client.request(2000, new Uint8Array(60_000)));
    expect(script.takeSent().length).toBe(6);
    await script.run(1_000);
    expect(script.takeSent().length).toBe(1);
  });

  test("a body that can't travel is refused at once, and takes no number", async () => {
    const script = new Script();
    await script.login();
    const invalid = { code: "INVALID", executed: false };
    expect(await endOf(script.client.request(2000, new Date(0)))).toEqual(invalid);
    expect(await endOf(script.client.request(2000, new Uint8Array(PACKET_UP_SIZE_MAX)))).toEqual(invalid);
    void endOf(script.client.request(2000, new Uint8Array(PACKET_UP_SIZE_MAX - 20)));
    expect(script.takeSent()).toEqual([request(1, new Uint8Array(PACKET_UP_SIZE_MAX - 20))]);
  });

  test("a value that changes after the call is sent as it was", async () => {
    const script = new Script();
    await script.greet();
    const body = { damage: 1 };
    void endOf(script.client.request(2000, body));
    body.damage = 99;
    script.say({ kind: "welcome", welcome: WELCOME });
    expect(script.takeSent()).toEqual([HELLO, request(1, { damage: 1 })]);
  });

  test("one without an answer in time is rejected, and its late answer is passed over", async () => {
    const script = new Script();
    await script.login();
    const end = endOf(script.client.request(2000, 1, { timeoutMs: 3_000 }));
    await script.run(2_999);
    script.client.request(2000, 2).catch(() => undefined);
    await script.run(1);
    expect(await end).toEqual({ code: "DEADLINE", executed: null });
    script.say({ kind: "reply", seq: 1, body: "late" });
    expect(script.client.status.kind).toBe("online");
  });

  test("an aborted one says whether it was sent, and keeps its number then", async () => {
    const script = new Script();
    await script.greet();
    const [early, sent] = [new AbortController(), new AbortController()];
    const gone = endOf(script.client.request(2000, "never", { signal: early.signal }));
    const under = endOf(script.client.request(2000, "first", { signal: sent.signal }));
    early.abort();
    expect(await gone).toEqual({ code: "ABORTED", executed: false });
    script.say({ kind: "welcome", welcome: WELCOME });
    sent.abort();
    expect(await under).toEqual({ code: "ABORTED", executed: null });
    void endOf(script.client.request(2000, "second"));
    expect(script.takeSent()).toEqual([HELLO, request(1, "first"), request(2, "second")]);
    expect(await endOf(script.client.request(2000, "x", { signal: early.signal }))).toEqual({
      code: "ABORTED",
      executed: false,
    });
  });

  test("while offline one is rejected at once", async () => {
    const script = new Script();
    expect(await endOf(script.client.request(2000, 1))).toEqual({ code: "LINK_LOST", executed: false });
    await script.login();
    script.client.close();
    expect(script.takeSent()).toEqual([{ kind: "bye" }]);
    expect(await endOf(script.client.request(2000, 1))).toEqual({ code: "LINK_LOST", executed: false });
    expect(script.clock.timerCount).toBe(0);
  });

  test("close() rejects what is under way and what waits", async () => {
    const script = new Script();
    await script.login();
    const ends = Array.from({ length: REQUESTS_WAITING_MAX + 1 }, (_, index) => script.client.request(2000, index));
    script.client.close();
    expect(await endOf(ends[0] as Promise<unknown>)).toEqual({ code: "LINK_LOST", executed: null });
    expect(await endOf(ends.at(-1) as Promise<unknown>)).toEqual({ code: "LINK_LOST", executed: false });
    await Promise.all(ends.map(endOf));
  });
});

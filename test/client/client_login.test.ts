import { describe, expect, test } from "#test";
import { TOKEN_LENGTH_MAX } from "#client/client.ts";
import { HELLO, SESSION, Script, WELCOME, settled } from "./script.ts";

describe("PlayerClient: login", () => {
  test("is offline until it is told to connect, and online with the welcome", async () => {
    const script = new Script();
    expect(script.client.status).toEqual({ kind: "offline", reason: null });
    await script.greet();
    expect(script.takeSent()).toEqual([HELLO]);
    script.say({ kind: "welcome", welcome: WELCOME });
    expect(script.statuses).toEqual([
      { kind: "connecting", attempt: 0, reason: null },
      { kind: "online", session: SESSION, player: "p-1", resumed: false },
    ]);
  });

  test("hears of its place in the queue", async () => {
    const script = new Script();
    await script.greet();
    script.say({ kind: "queued", place: 12, estimateMs: 30_000 });
    await script.run(29_000);
    script.say({ kind: "queued", place: 3, estimateMs: 8_000 });
    await script.run(29_000);
    script.say({ kind: "welcome", welcome: WELCOME });
    expect(script.statuses.slice(1)).toEqual([
      { kind: "queued", place: 12, estimateMs: 30_000 },
      { kind: "queued", place: 3, estimateMs: 8_000 },
      { kind: "online", session: SESSION, player: "p-1", resumed: false },
    ]);
    expect(script.opens).toBe(1);
  });

  test("leaves a queue that has fallen silent, and tries again", async () => {
    const script = new Script();
    await script.greet();
    script.say({ kind: "queued", place: 12, estimateMs: 30_000 });
    await script.run(30_000);
    expect(script.client.status).toEqual({
      kind: "connecting",
      attempt: 1,
      reason: { code: "silent", detail: "nothing came in time while queued" },
    });
    await script.run(250);
    expect(script.opens).toBe(2);
  });

  test("waits as long as a refusal wishes", async () => {
    const script = new Script();
    await script.greet();
    script.say({ kind: "refuse", code: "full", detail: "no room", retryMs: 5_000 });
    expect(script.client.status).toEqual({
      kind: "connecting",
      attempt: 1,
      reason: { code: "full", detail: "no room" },
    });
    await script.run(5_249);
    expect(script.opens).toBe(1);
    await script.run(1);
    expect(script.opens).toBe(2);
  });

  test("stays offline when its token is no good, until it is told to connect", async () => {
    const script = new Script();
    await script.greet();
    script.say({ kind: "refuse", code: "bad_token", detail: "signature", retryMs: null });
    await script.run(3_600_000);
    expect(script.client.status).toEqual({ kind: "offline", reason: { code: "bad_token", detail: "signature" } });
    expect([script.opens, script.shuts, script.clock.timerCount]).toEqual([1, 1, 0]);
    script.client.connect();
    await settled();
    expect(script.opens).toBe(2);
  });

  test("asks for another token after one that was late, threw or is too long", async () => {
    const script = new Script();
    script.token = () => Promise.reject(new Error("no network"));
    script.client.connect();
    await settled();
    expect(script.client.status).toEqual({
      kind: "connecting",
      attempt: 1,
      reason: { code: "token_failed", detail: "no network" },
    });
    script.token = () => "x".repeat(TOKEN_LENGTH_MAX + 1);
    await script.run(250);
    expect(script.client.status).toEqual({
      kind: "connecting",
      attempt: 2,
      reason: { code: "token_failed", detail: "the token is 3073 characters, allowed is 1 to 3072 characters" },
    });
    let late: ((token: string) => void) | undefined;
    script.token = () => new Promise((resolve) => (late = resolve));
    await script.run(500);
    await script.run(30_000);
    late?.("too late");
    await settled();
    expect([script.client.status.kind, script.opens]).toEqual(["connecting", 0]);
    script.token = () => "token-2";
    await script.run(1_000);
    script.socket.opened();
    expect(script.takeSent()).toEqual([{ kind: "hello", token: "token-2", resume: null }]);
  });

  test("gives up a connection that does not open, or that no welcome comes from", async () => {
    const script = new Script();
    script.client.connect();
    await settled();
    await script.run(10_000);
    expect(script.shuts).toBe(1);
    await script.run(250);
    script.socket.opened();
    await script.run(15_000);
    expect([script.opens, script.shuts]).toEqual([2, 2]);
  });

  test("pauses grow with each failure, and are short again after a time online", async () => {
    const script = new Script();
    await script.greet();
    const pauses: number[] = [];
    for (let round = 0; round < 8; round += 1) {
      const startMs = script.clock.nowMs();
      const { opens } = script;
      script.socket.closed();
      while (script.opens === opens) await script.run(50);
      pauses.push(script.clock.nowMs() - startMs);
    }
    expect(pauses).toEqual([250, 500, 1_000, 2_000, 4_000, 7_500, 7_500, 7_500]);
    script.socket.opened();
    script.say({ kind: "welcome", welcome: { ...WELCOME, heartbeatMs: 60_000 } });
    await script.run(10_000);
    script.socket.closed();
    await script.run(250);
    expect(script.opens).toBe(10);
  });
});

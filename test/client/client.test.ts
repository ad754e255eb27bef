import { describe, expect, test } from "#test";
import { SESSION, Script, WELCOME, endOf, request } from "./script.ts";

describe("PlayerClient: heartbeat, acknowledgements and listeners", () => {
  test("pings at the server's pace, and leaves a connection that is silent for two intervals", async () => {
    const script = new Script();
    await script.login();
    await script.run(10_000);
    script.say({ kind: "pong", n: 1, serverMs: 1_763_000_010_000 });
    await script.run(10_000);
    await script.run(10_000);
    expect(script.takeSent()).toEqual([
      { kind: "ping", n: 1 },
      { kind: "ping", n: 2 },
      { kind: "ping", n: 3 },
    ]);
    expect(script.client.status.kind).toBe("online");
    await script.run(10_000);
    expect(script.client.status).toEqual({
      kind: "resuming",
      session: SESSION,
      player: "p-1",
      attempt: 1,
      reason: { code: "silent", detail: "no byte in two heartbeat intervals" },
    });
  });

  test("knows the server's calendar from the shortest round trip", async () => {
    const script = new Script();
    await script.greet();
    expect(script.client.serverMs).toBeUndefined();
    await script.run(400);
    script.say({ kind: "welcome", welcome: WELCOME });
    expect(script.client.serverMs).toBe(WELCOME.serverMs + 200);
    await script.run(10_000);
    await script.run(20);
    script.say({ kind: "pong", n: 1, serverMs: WELCOME.serverMs + 50_000 });
    await script.run(90);
    expect(script.client.serverMs).toBe(WELCOME.serverMs + 50_100);
  });

  test("gathers acknowledgements, and does not wait when there are many", async () => {
    const script = new Script();
    await script.login();
    for (let pushSeq = 1; pushSeq <= 3; pushSeq += 1) script.say({ kind: "push", pushSeq, type: "news", body: null });
    expect(script.takeSent()).toEqual([]);
    await script.run(200);
    expect(script.takeSent()).toEqual([{ kind: "ack", pushSeq: 3 }]);
    for (let pushSeq = 4; pushSeq <= 67; pushSeq += 1) script.say({ kind: "push", pushSeq, type: "news", body: null });
    expect(script.takeSent()).toEqual([{ kind: "ack", pushSeq: 67 }]);
    script.say({ kind: "push", pushSeq: 68, type: "news", body: new Uint8Array(300_000) });
    expect(script.takeSent()).toEqual([{ kind: "ack", pushSeq: 68 }]);
    await script.run(5_000);
    expect(script.takeSent()).toEqual([]);
  });

  test("a listener that throws is reported, and the others hear all the same", async () => {
    const script = new Script();
    await script.login();
    const heard: unknown[] = [];
    const error = new Error("from the listener");
    script.client.subscribe("news", () => {
      throw error;
    });
    const end = script.client.subscribe("news", (body) => heard.push(body));
    script.client.subscribe("other", (body) => heard.push(body));
    script.say({ kind: "push", pushSeq: 1, type: "news", body: 1 });
    end();
    script.say({ kind: "push", pushSeq: 2, type: "news", body: 2 });
    expect({ heard, faults: script.faults }).toEqual({ heard: [1], faults: [error, error] });
  });

  test("tells of every push, each once, to who asked for all of them", async () => {
    const script = new Script();
    await script.login();
    const heard: unknown[] = [];
    script.client.subscribe("news", (body) => heard.push(body));
    const end = script.client.onPush((push) => heard.push(push));
    script.say({ kind: "push", pushSeq: 1, type: "news", body: 1 });
    script.say({ kind: "push", pushSeq: 1, type: "news", body: 1 });
    script.say({ kind: "push", pushSeq: 2, type: "other", body: 2 });
    end();
    script.say({ kind: "push", pushSeq: 3, type: "other", body: 3 });
    expect(heard).toEqual([1, { type: "news", body: 1 }, { type: "other", body: 2 }]);
  });

  test("a listener may ask, and close, from within", async () => {
    const script = new Script();
    await script.login();
    script.client.subscribe("news", () => {
      void endOf(script.client.request(2000, "from within"));
      script.client.close();
    });
    script.say({ kind: "push", pushSeq: 1, type: "news", body: 1 });
    expect(script.takeSent()).toEqual([request(1, "from within"), { kind: "bye" }]);
    expect(script.client.status.kind).toBe("offline");
  });
});

import { describe, expect, test } from "#test";
import { seededRandom } from "#base/random.ts";
import { decodeServerPacket } from "#session/client_codec.ts";
import type { SessionEffect } from "#session/player_session.ts";
import { PlayerSession } from "#session/player_session.ts";
import { words } from "./door_ground.ts";

function session(): PlayerSession {
  return new PlayerSession({ binding: { player: "ann", session: "ab".repeat(16) }, random: seededRandom(1) });
}

function told(bytes: Uint8Array): string {
  const packet = decodeServerPacket(bytes);
  return packet.kind === "fault" || packet.kind === "ignored" ? packet.kind : words(packet);
}

function effects(list: readonly SessionEffect[]): string[] {
  return list.map((effect) => {
    switch (effect.kind) {
      case "send":
        return told(effect.bytes);
      case "execute":
        return `execute ${effect.request.seq}`;
      case "fault":
        return `fault ${effect.code}: ${effect.detail}`;
    }
  });
}

function ask(to: PlayerSession, seq: number): string[] {
  return effects(to.request({ kind: "request", seq, method: 2000, body: seq }));
}

function reply(of: PlayerSession, body: unknown): string[] {
  return effects(of.finish({ kind: "reply", body }));
}

describe("PlayerSession: requests", () => {
  test("run one after the other, in the order of their numbers", () => {
    const ann = session();
    expect([ask(ann, 1), ask(ann, 2), ask(ann, 3)]).toEqual([["execute 1"], [], []]);
    expect(reply(ann, "a")).toEqual(['reply 1 "a"', "execute 2"]);
    expect(reply(ann, "b")).toEqual(['reply 2 "b"', "execute 3"]);
    expect([reply(ann, "c"), ann.answered, ann.isBusy]).toEqual([['reply 3 "c"'], 3, false]);
  });

  test("one that comes again is executed once and answered the same", () => {
    const ann = session();
    ask(ann, 1);
    ask(ann, 2);
    expect([ask(ann, 1), ask(ann, 2)]).toEqual([[], []]);
    reply(ann, "a");
    expect([ask(ann, 1), ask(ann, 2)]).toEqual([['reply 1 "a"'], []]);
    expect(reply(ann, "b")).toEqual(['reply 2 "b"']);
  });

  test("a gap ends the session", () => {
    expect(ask(session(), 2)).toEqual(["fault out_of_order: request 2 came, expected is 1"]);
  });

  test("32 may wait while one is under way, one more is too fast", () => {
    const ann = session();
    for (let seq = 1; seq <= 33; seq += 1) ask(ann, seq);
    expect([ann.waitingCount, ask(ann, 34)]).toEqual([32, ["fault too_fast: 33 requests wait, limit is 32"]]);
  });

  test("the last 64 answers are kept; who asks for an older one hears that nobody knows", () => {
    const ann = session();
    for (let seq = 1; seq <= 65; seq += 1) {
      ask(ann, seq);
      reply(ann, seq);
    }
    expect([ask(ann, 1), ask(ann, 2), ask(ann, 65)]).toEqual([["error 1 FAILED null"], ["reply 2 2"], ["reply 65 65"]]);
  });

  test("answers are kept up to 2 MiB", () => {
    const ann = session();
    const large = new Uint8Array(900 * 1024);
    for (let seq = 1; seq <= 3; seq += 1) {
      ask(ann, seq);
      ann.finish({ kind: "reply", body: large });
    }
    expect(ask(ann, 1)).toEqual(["error 1 FAILED null"]);
    expect(ann.request({ kind: "request", seq: 2, method: 2000, body: null }).map(({ kind }) => kind)).toEqual([
      "send",
    ]);
  });

  test("an answer that is not plain, or too large, is an error of what was executed", () => {
    const ann = session();
    ask(ann, 1);
    ask(ann, 2);
    expect(reply(ann, new Map())).toEqual(["error 1 INVALID true", "execute 2"]);
    expect(reply(ann, new Uint8Array(1024 * 1024))).toEqual(["error 2 INVALID true"]);
  });

  test("an error is passed on as it is", () => {
    const ann = session();
    ask(ann, 1);
    const answer = { kind: "error", code: "LINK_LOST", detail: "", executed: null } as const;
    expect(effects(ann.finish(answer))).toEqual(["error 1 LINK_LOST null"]);
  });
});

describe("PlayerSession: pushes and resume", () => {
  test("what was not acknowledged comes again, in order", () => {
    const ann = session();
    for (const body of [1, 2, 3, 4]) ann.push("news", body);
    expect(effects(ann.ack(1))).toEqual([]);
    const result = ann.resume(ann.resumeToken, 2);
    expect(result.kind === "resumed" ? result.again.map(told) : result).toEqual(["push 3 news 3", "push 4 news 4"]);
  });

  test("a token is good once, a wrong one changes nothing", () => {
    const ann = session();
    const first = ann.resumeToken;
    expect(ann.resume("00", 0)).toEqual({ kind: "wrong_token" });
    expect(ann.resume(first, 0)).toEqual({ kind: "resumed", again: [] });
    expect(ann.resume(first, 0)).toEqual({ kind: "wrong_token" });
    expect(ann.resume(ann.resumeToken, 0)).toEqual({ kind: "resumed", again: [] });
  });

  test("after a renewal either token is good, until one was used", () => {
    const ann = session();
    const before = ann.resumeToken;
    const renewed = ann.renew();
    expect(ann.resume(before, 0)).toEqual({ kind: "resumed", again: [] });
    expect(ann.resume(renewed, 0)).toEqual({ kind: "wrong_token" });
  });

  test("beyond 256 pushes only who has the dropped ones can resume", () => {
    const push = (ann: PlayerSession, count: number): void => {
      for (let index = 0; index < count; index += 1) ann.push("news", null);
    };
    const ann = session();
    push(ann, 257);
    expect(ann.resume(ann.resumeToken, 0)).toEqual({ kind: "gone", detail: "push 1 is not kept any more" });
    const bob = session();
    push(bob, 257);
    const result = bob.resume(bob.resumeToken, 1);
    expect(result.kind === "resumed" ? result.again.length : result).toEqual(256);
  });

  test("beyond 1 MiB of pushes the oldest are dropped", () => {
    const ann = session();
    for (let index = 0; index < 3; index += 1) ann.push("map", new Uint8Array(400 * 1024));
    expect(ann.resume(ann.resumeToken, 0)).toEqual({ kind: "gone", detail: "push 1 is not kept any more" });
  });

  test("an acknowledgement of what was never sent is a fault", () => {
    const ann = session();
    ann.push("news", 1);
    const detail = "push 2 was acknowledged, the last one is 1";
    expect(effects(ann.ack(2))).toEqual([`fault out_of_order: ${detail}`]);
    expect(ann.resume(ann.resumeToken, 2)).toEqual({ kind: "gone", detail });
  });

  test("a push that is not plain takes no number", () => {
    const ann = session();
    expect(() => ann.push("news", new Map())).toThrow("instance of a class");
    expect(effects(ann.push("news", 1))).toEqual(["push 1 news 1"]);
  });
});

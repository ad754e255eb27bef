/**
 * What a center's inbox serves and forgets, on a real store, beside owners that are functions.
 */

import { describe, expect, test } from "#test";
import { Counters } from "#base/counters.ts";
import { DeliveryContract } from "#delivery/delivery_contract.ts";
import { DeliveryDesk } from "#delivery/delivery_desk.ts";
import { Inbox, INBOX_SWEEP_MS } from "#delivery/inbox.ts";
import { INBOX_KEPT_MS } from "#delivery/inbox_table.ts";
import { LANE_NEW } from "#delivery/lane.ts";
import { EXPIRED_KEPT_MS } from "#delivery/mail_table.ts";
import { takeBatch, writeAnswer } from "#delivery/outbox_batch.ts";
import { ACKED_KEPT_MS, forgetOld } from "#delivery/outbox_again.ts";
import { issueRewards } from "#delivery/outbox_table.ts";
import type { TermOfShard } from "#delivery/outbox_terms.ts";
import { checkMail } from "#delivery/reward.ts";
import { CallError } from "#rpc/call_failure.ts";
import type { Caller } from "#rpc/caller.ts";
import type { Method } from "#rpc/contract.ts";
import type { Server } from "#rpc/server.ts";
import type { Store } from "#store/store.ts";
import type { NodeId } from "#wire/role.ts";
import { idOfKey, nodeId } from "#wire/role.ts";
import { silentLog } from "../activity/fixture.ts";
import { ManualClock } from "../store/manual_clock.ts";
import { digest } from "../wire/digest.ts";
import { deliveryStore, keyFor, MAIL, OWNER, quiet, rewardFor, TERM } from "./ground.ts";

type Kept = (owner: NodeId, terms: readonly TermOfShard[]) => Promise<{ kept: boolean[] }>;
type Handler = (request: never, context: never) => Promise<unknown>;

class Ground {
  readonly clock = new ManualClock();
  readonly counters = new Counters();
  readonly inbox: Inbox;
  readonly store: Store;
  readonly #handlers = new Map<string, Handler>();

  private constructor(store: Store, kept: Kept) {
    this.store = store;
    const server = { serve: (method: Method, run: Handler) => void this.#handlers.set(method.name, run) };
    const caller = {
      call: (_method: Method, request: { terms: TermOfShard[] }, { to }: { to: { key: never } }) =>
        kept(idOfKey(to.key), request.terms),
    };
    this.inbox = new Inbox({
      store,
      clock: this.clock,
      clusterMs: () => this.clock.wallMs(),
      digest,
      log: silentLog,
      counters: this.counters,
      endpoint: { server: server as unknown as Server, caller: caller as unknown as Caller },
    });
  }

  static async make(kept: Kept): Promise<Ground> {
    return new Ground(await deliveryStore(), kept);
  }

  ask(method: Method, request: unknown, source: string = OWNER): Promise<unknown> {
    const handler = this.#handlers.get(method.name);
    if (handler === undefined) throw new Error(`${method.name} is not served`);
    return handler(request as never, { source } as never);
  }

  deliver(players: readonly string[], source: string = OWNER): Promise<unknown> {
    const checked = checkMail(MAIL);
    if (checked.kind === "bad") throw new Error(checked.detail);
    const rows = players.map((player, index) => ({
      sequence: index + 1,
      shard: 1,
      ...keyFor(player, { term: source === OWNER ? TERM : "other" }),
      mail: checked.bytes,
    }));
    return this.ask(DeliveryContract.deliver, { rows }, source);
  }

  async count(table: string): Promise<number> {
    const row = await this.store.transaction((tx) => tx.get(`SELECT COUNT(*) AS count FROM ${table}`));
    return Number(row?.["count"]);
  }
}

const forgotten: Kept = async (_owner, terms) => ({ kept: terms.map(() => false) });

describe("Inbox: serving", () => {
  test("applies, knows again, refuses, and counts each", async () => {
    const ground = await Ground.make(forgotten);
    expect(await ground.deliver(["a", "b"])).toEqual({ acknowledged: [1, 2], refused: [], applied: 2 });
    expect(await ground.deliver(["a", "", "c"])).toMatchObject({ acknowledged: [1, 3], applied: 1 });
    expect(ground.counters.all()).toEqual({ "delivery.applied": 3, "delivery.known": 1, "delivery.refused": 1 });
    await ground.store.close();
  });

  test("says what it has of a term, and of one that it does not know that it has nothing", async () => {
    const ground = await Ground.make(forgotten);
    await ground.deliver(["a"]);
    const of = { shard: 1, activity: "boss", term: TERM };
    const { terms } = (await ground.ask(DeliveryContract.compare, {
      terms: [{ ...of, shard: 2 }, of],
    })) as { terms: { applied: number; keySum: string }[] };
    expect(terms.map(({ applied }) => applied)).toEqual([0, 1]);
    expect([terms[0]?.keySum, terms[1]?.keySum === terms[0]?.keySum]).toEqual(["0".repeat(16), false]);
    await ground.store.close();
  });
});

describe("Inbox: forgetting", () => {
  test("happens when a term is old and its owner has forgotten it, once an hour", async () => {
    const ground = await Ground.make(forgotten);
    await ground.deliver(["a", "b"]);
    ground.clock.advance(INBOX_KEPT_MS);
    ground.inbox.start();
    await ground.inbox.sweep();
    expect(await ground.count("inbox")).toBe(2);
    ground.clock.advance(INBOX_SWEEP_MS);
    await quiet();
    await ground.inbox.stop();
    expect([await ground.count("inbox"), await ground.count("inbox_term"), ground.clock.pending]).toEqual([0, 0, 0]);
    await ground.store.close();
  });

  test("does not happen while the owner has the term, cannot be asked, or is asked of another one", async () => {
    const ground = await Ground.make(async (owner, terms) => {
      if (owner === OWNER) return { kept: terms.map(() => true) };
      const detail = "no path";
      throw new CallError({ code: "NO_ROUTE", at: nodeId("center", 1), sent: false, method: "delivery.kept", detail });
    });
    await ground.deliver(["a"]);
    await ground.deliver(["b"], "cross_center:2");
    ground.clock.advance(INBOX_KEPT_MS + 1);
    await ground.inbox.sweep();
    expect([await ground.count("inbox"), await ground.count("inbox_term")]).toEqual([2, 2]);
    await ground.store.close();
  });

  test("an owner that is gone for good keeps nobody else's keys", async () => {
    const ground = await Ground.make(async (owner, terms) => {
      if (owner === OWNER) return { kept: terms.map(() => false) };
      const detail = "no path";
      throw new CallError({ code: "NO_ROUTE", at: nodeId("center", 1), sent: false, method: "delivery.kept", detail });
    });
    await ground.deliver(["b"], "cross_center:2");
    ground.clock.advance(1);
    await ground.deliver(["a"]);
    ground.clock.advance(INBOX_KEPT_MS + 1);
    await ground.inbox.sweep();
    const rest = await ground.store.transaction((tx) => tx.all("SELECT player FROM inbox"));
    expect(rest).toEqual([{ player: "b" }]);
    await ground.store.close();
  });

  test("takes mails some time after they have expired, and their keys not with them", async () => {
    const ground = await Ground.make(forgotten);
    await ground.deliver(["a"]);
    const leftMs = (MAIL.expiresAtMs ?? 0) + EXPIRED_KEPT_MS - ground.clock.wallMs();
    ground.clock.advance(leftMs + 1);
    await ground.inbox.sweep();
    expect([await ground.count("mail"), await ground.count("inbox")]).toEqual([0, 1]);
    await ground.store.close();
  });
});

describe("Keys are kept for longer than anybody can send them", () => {
  test("a term that an owner still has, pending, held or acknowledged, is kept; a forgotten one is not", async () => {
    const store = await deliveryStore();
    const terms = ["pending", "held", "acknowledged"].map((term) => ({ shard: 1, activity: "boss", term }));
    const rewards = terms.map(({ term }) =>
      rewardFor("a", { key: keyFor("a", { term }), ...(term === "held" ? { mail: undefined } : {}) }),
    );
    await store.transaction(async (tx) => {
      await issueRewards(tx, { owner: OWNER, rewards, atMs: 1 });
      const { rows } = await takeBatch(tx, OWNER, [1]);
      const sent = rows.filter(({ key }) => key.term === "acknowledged");
      const answer = { acknowledged: sent.map(({ sequence }) => sequence), refused: [] };
      await writeAnswer(tx, OWNER, { sent, answer, atMs: 1, digest });
    });
    const clock = new ManualClock();
    const sender = { lane: () => LANE_NEW, homeOf: (shard: number) => shard, wake: () => undefined };
    const options = { owner: nodeId("cross_center", 1), store, clock, clusterMs: () => 1, digest, sender };
    const desk = new DeliveryDesk(options);
    expect(await desk.kept(terms)).toEqual({ kept: [true, true, true] });
    // Three years later what is pending and held is there still; what was acknowledged went first at the owner.
    const laterMs = 3 * 365 * 24 * 3_600_000;
    while (await store.transaction((tx) => forgetOld(tx, OWNER, laterMs))) continue;
    expect(await desk.kept(terms)).toEqual({ kept: [true, true, false] });
    expect(ACKED_KEPT_MS < INBOX_KEPT_MS).toBe(true);
    await store.close();
  });
});

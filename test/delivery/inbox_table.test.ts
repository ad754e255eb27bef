import { describe, expect, test } from "#test";
import type { Applied, InboxRow } from "#delivery/inbox_table.ts";
import {
  appliedTerm,
  applyRewards,
  FORGOTTEN_ROWS_MAX,
  forgetTerm,
  INBOX_KEPT_MS,
  oldTerms,
  owners,
} from "#delivery/inbox_table.ts";
import { addToSum, hashOfKey, KEY_SUM_NONE } from "#delivery/key_sum.ts";
import { EXPIRED_KEPT_MS, forgetExpired, MAILS_PAGE_MAX, mailsOf } from "#delivery/mail_table.ts";
import { checkMail, TEXT_LENGTH_MAX } from "#delivery/reward.ts";
import type { Store, Tx } from "#store/store.ts";
import { packBody } from "#wire/body.ts";
import { BODY_SIZE_MAX } from "#wire/limits.ts";
import { digest } from "../wire/digest.ts";
import { deliveryStore, keyFor, MAIL, OWNER, TERM } from "./ground.ts";

const OF = { shard: 1, activity: "boss", term: TERM };

function row(sequence: number, player: string, of: Readonly<Record<string, unknown>> = {}): InboxRow {
  const checked = checkMail(MAIL);
  if (checked.kind === "bad") throw new Error(checked.detail);
  return { sequence, shard: 1, ...keyFor(player), mail: checked.bytes, ...of };
}

function apply(store: Store, rows: readonly InboxRow[], atMs = 500): Promise<Applied> {
  return store.transaction((tx) => applyRewards(tx, { owner: OWNER, rows, atMs, digest }));
}

function count(store: Store, table: string): Promise<unknown> {
  return store.transaction(async (tx) => (await tx.get(`SELECT COUNT(*) AS count FROM ${table}`))?.["count"]);
}

function sum(...players: readonly string[]): string {
  return players.reduce((all, player) => addToSum(all, hashOfKey(digest, keyFor(player)).part), KEY_SUM_NONE);
}

describe("Inbox: applyRewards", () => {
  test("writes each key and its mail once, however often it comes", async () => {
    const store = await deliveryStore();
    expect(await apply(store, [row(1, "a"), row(2, "b"), row(3, "a")])).toEqual({
      acknowledged: [1, 2, 3],
      refused: [],
      applied: 2,
    });
    expect(await apply(store, [row(2, "b"), row(4, "c")], 600)).toEqual({
      acknowledged: [2, 4],
      refused: [],
      applied: 1,
    });
    expect([await count(store, "inbox"), await count(store, "mail")]).toEqual([3, 3]);
    expect(await store.transaction((tx) => appliedTerm(tx, OF))).toEqual({
      ...OF,
      owner: OWNER,
      applied: 3,
      keySum: sum("c", "b", "a"),
      appliedAtMs: 600,
    });
    await store.close();
  });

  test("another mail for a key that it has changes nothing", async () => {
    const store = await deliveryStore();
    await apply(store, [row(1, "a")]);
    const other = checkMail({ ...MAIL, title: "Other" });
    if (other.kind === "bad") throw new Error(other.detail);
    expect(await apply(store, [row(1, "a", { mail: other.bytes })])).toMatchObject({ acknowledged: [1], applied: 0 });
    const { mails } = await store.transaction((tx) => mailsOf(tx, { player: "a", limit: 9 }));
    expect(mails.map(({ title }) => title)).toEqual([MAIL.title]);
    await store.close();
  });

  const bad: [name: string, of: Readonly<Record<string, unknown>>, reason: string][] = [
    ["a player that is none", { player: "" }, "player: Invalid length: Expected >=1 but received 0"],
    ["no shard", { shard: 0 }, "shard: Invalid value: Expected >=1 but received 0"],
    ["a mail that is no body", { mail: Uint8Array.of(0xc1) }, "mail: Cannot decode body: token 0xc1 is not allowed"],
    [
      "a mail that is no mail",
      { mail: Uint8Array.of(0x80) },
      'mail: title: Invalid key: Expected "title" but received undefined',
    ],
    ["something unknown", { more: 1 }, 'more: Invalid key: Expected never but received "more"'],
  ];
  for (const [name, of, reason] of bad) {
    test(`a row with ${name} is refused alone, with the reason`, async () => {
      const store = await deliveryStore();
      expect(await apply(store, [row(1, "a"), row(2, "b", of), row(3, "c")])).toEqual({
        acknowledged: [1, 3],
        refused: [{ sequence: 2, reason }],
        applied: 2,
      });
      expect([await count(store, "inbox"), await count(store, "mail")]).toEqual([2, 2]);
      await store.close();
    });
  }

  test("a failure leaves neither key nor mail nor count", async () => {
    const store = await deliveryStore();
    const failing = store.transaction(async (tx) => {
      const broken: Tx = {
        ...tx,
        get: (sql, values) => tx.get(sql, values),
        all: (sql, values) => tx.all(sql, values),
        run: (sql, values) => (sql.includes("inbox_term") ? tx.run("nonsense") : tx.run(sql, values)),
      };
      await applyRewards(broken, { owner: OWNER, rows: [row(1, "a")], atMs: 1, digest });
    });
    expect(
      await failing.then(
        () => "ok",
        () => "failed",
      ),
    ).toBe("failed");
    expect([await count(store, "inbox"), await count(store, "mail")]).toEqual([0, 0]);
    await store.close();
  });
});

describe("Inbox: forgetting", () => {
  test("only terms that are old, by their owner, the oldest first", async () => {
    const store = await deliveryStore();
    await apply(store, [row(1, "a")], 1_000);
    await apply(store, [row(2, "a", { term: "b" })], 900);
    await apply(store, [row(3, "a", { term: "c" })], 5_000);
    const old = await store.transaction((tx) =>
      oldTerms(tx, { owner: OWNER, nowMs: INBOX_KEPT_MS + 2_000, limit: 10 }),
    );
    expect(old.map(({ term }) => term)).toEqual(["b", TERM]);
    expect(await store.transaction(owners)).toEqual([OWNER]);
    const others = { owner: "cross_center:2", nowMs: INBOX_KEPT_MS * 2, limit: 10 };
    expect(await store.transaction((tx) => oldTerms(tx, others))).toEqual([]);
    await store.close();
  });

  test("takes the keys of one term and shard in turns, and leaves the mails", async () => {
    const store = await deliveryStore();
    await apply(
      store,
      Array.from({ length: FORGOTTEN_ROWS_MAX + 1 }, (_, index) => row(index, `p${index}`)),
    );
    await apply(store, [row(0, "other", { shard: 2 })]);
    expect(await store.transaction((tx) => forgetTerm(tx, OF))).toBe(true);
    expect([await count(store, "inbox"), await count(store, "inbox_term")]).toEqual([2, 2]);
    expect(await store.transaction((tx) => forgetTerm(tx, OF))).toBe(false);
    expect([await count(store, "inbox"), await count(store, "inbox_term")]).toEqual([1, 1]);
    expect(await count(store, "mail")).toBe(FORGOTTEN_ROWS_MAX + 2);
    await store.close();
  });
});

describe("Mails", () => {
  test("of a player come by the page, oldest first, each once", async () => {
    const store = await deliveryStore();
    for (let number = 0; number < 5; number += 1) {
      await apply(store, [row(number, "a", { tier: String(number) }), row(number + 10, "b")], 100 + (number >> 1));
    }
    const seen: string[] = [];
    let after: string | undefined;
    for (let page = 0; page < 3; page += 1) {
      const found = await store.transaction((tx) => mailsOf(tx, { player: "a", after, limit: 2 }));
      seen.push(...found.mails.map(({ writtenAtMs, id }) => `${writtenAtMs}.${id}`));
      after = found.next;
    }
    expect([seen.length, new Set(seen).size, after, seen.toSorted()]).toEqual([5, 5, undefined, seen]);
    await store.close();
  });

  test("a page of long ones is one that a frame has room for, and the next page goes on", async () => {
    const store = await deliveryStore();
    const checked = checkMail({ ...MAIL, text: "長".repeat(TEXT_LENGTH_MAX) });
    if (checked.kind === "bad") throw new Error(checked.detail);
    const rows = Array.from({ length: MAILS_PAGE_MAX }, (_, number) =>
      row(number, "a", { tier: String(number), mail: checked.bytes }),
    );
    await apply(store, rows, 100);
    const seen: string[] = [];
    let after: string | undefined;
    do {
      const page = await store.transaction((tx) => mailsOf(tx, { player: "a", after, limit: MAILS_PAGE_MAX }));
      expect(packBody(page).length).toBeLessThan(BODY_SIZE_MAX);
      seen.push(...page.mails.map(({ id }) => id));
      after = page.next;
    } while (after !== undefined);
    expect([seen.length, new Set(seen).size]).toEqual([MAILS_PAGE_MAX, MAILS_PAGE_MAX]);
    await store.close();
  });

  test("a player's mail is what was given, with its id and time", async () => {
    const store = await deliveryStore();
    await apply(store, [row(1, "a")], 77.5);
    expect(await store.transaction((tx) => mailsOf(tx, { player: "a", limit: 1 }))).toEqual({
      mails: [
        { ...MAIL, id: hashOfKey(digest, keyFor("a")).mailId, player: "a", writtenAtMs: 77, claimedAtMs: undefined },
      ],
      next: undefined,
    });
    await store.close();
  });

  test("expired ones go some time later, and their keys stay", async () => {
    const store = await deliveryStore();
    await apply(store, [row(1, "a"), row(2, "b")]);
    const forget = (nowMs: number): Promise<number> =>
      store.transaction((tx) => forgetExpired(tx, { beforeMs: nowMs - EXPIRED_KEPT_MS, limit: 1 }));
    const expiresAtMs = MAIL.expiresAtMs ?? 0;
    expect(await forget(expiresAtMs + EXPIRED_KEPT_MS)).toBe(0);
    expect([await forget(expiresAtMs + EXPIRED_KEPT_MS + 1), await count(store, "mail")]).toEqual([1, 1]);
    expect(await apply(store, [row(1, "a"), row(2, "b")])).toMatchObject({ applied: 0 });
    await store.close();
  });
});

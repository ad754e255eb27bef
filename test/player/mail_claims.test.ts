import { describe, expect, test } from "#test";
import type { Mail } from "#delivery/reward.ts";
import { MAIL_KEY_KEPT_MS } from "#player/ledger_table.ts";
import type { MailBox } from "#player/mail_claims.ts";
import { MailClaims, SETTLE_MS } from "#player/mail_claims.ts";
import { CallError } from "#rpc/call_failure.ts";
import { nodeId } from "#wire/role.ts";
import { recordingLog } from "../mesh/harness.ts";
import type { Owner } from "./ground.ts";
import { PlayerGround, START_MS } from "./ground.ts";

const ID = "ab".repeat(16);
const MAIL: Mail = { title: "First", text: "", items: [{ item: "gold", count: 5 }] };

/** A center that may be gone before it is asked, or before its answer is heard. */
class Center implements MailBox {
  readonly mails = new Map([[ID, MAIL]]);
  readonly settled: string[] = [];
  gone: "before" | "after" | undefined;
  heard: () => void = () => {};

  mail(_player: string, id: string): Promise<Mail | undefined> {
    return this.#answer(() => this.mails.get(id));
  }

  claimed(player: string, id: string): Promise<void> {
    return this.#answer(() => {
      this.settled.push(`${player} ${id}`);
      this.heard();
    });
  }

  async #answer<T>(work: () => T): Promise<T> {
    if (this.gone === "before") throw lost();
    const result = work();
    if (this.gone === "after") throw lost();
    return result;
  }
}

function lost(): CallError {
  return failure("LINK_LOST");
}

function refusal(): CallError {
  return failure("FAILED");
}

function failure(code: "LINK_LOST" | "FAILED"): CallError {
  return new CallError({
    ...{ code, at: nodeId("user", 101), sent: true },
    ...{ method: "delivery.mail", detail: "lost" },
  });
}

async function setup(): Promise<{ ground: PlayerGround; center: Center; claims: MailClaims; owner: Owner }> {
  const ground = await PlayerGround.open();
  const owner = ground.owner("user:101");
  const center = new Center();
  const claims = new MailClaims({
    ...{ data: owner.data, mails: center, clock: ground.clock },
    clusterMs: () => ground.nowMs,
    log: recordingLog().log,
  });
  return { ground, center, claims, owner };
}

const goldOf = async ({ data }: Owner): Promise<number> =>
  (await data.read("ann")).bag.items.find(({ item }) => item === "gold")?.count ?? 0;

describe("MailClaims", () => {
  test("take what is in a mail once, and tell the center", async () => {
    const { center, claims, owner } = await setup();
    const first = await claims.claim("ann", ID);
    expect(first).toMatchObject({ kind: "ok", repeated: false, items: MAIL.items });
    expect(await claims.claim("ann", ID)).toEqual({ ...first, repeated: true } as typeof first);
    expect([await goldOf(owner), center.settled]).toEqual([5, [`ann ${ID}`, `ann ${ID}`]]);
  });

  test("do nothing for a mail that is not there or has expired, and nothing when the center is gone", async () => {
    const { ground, center, claims, owner } = await setup();
    expect(await claims.claim("ann", "cd".repeat(16))).toEqual({ kind: "no_mail" });
    center.mails.set(ID, { ...MAIL, expiresAtMs: START_MS });
    expect(await claims.claim("ann", ID)).toEqual({ kind: "expired" });
    center.mails.set(ID, MAIL);
    for (const gone of ["before", "after"] as const) {
      center.gone = gone;
      const failed = await claims.claim("ann", ID).catch((error: unknown) => error);
      expect(failed).toBeInstanceOf(CallError);
    }
    expect([await goldOf(owner), center.settled]).toEqual([0, []]);
    await ground.store.close();
  });

  test("are settled later when the center was gone after they were taken, and keep their key until then", async () => {
    const { ground, center, claims, owner } = await setup();
    center.mails.set(ID, MAIL);
    const mail = center.mail.bind(center);
    center.mail = async (player, id) => {
      const found = await mail(player, id);
      center.gone = "before";
      return found;
    };
    expect(await claims.claim("ann", ID)).toMatchObject({ kind: "ok" });
    const keys = (): Promise<unknown> => ground.rows("SELECT key, expires_at_ms FROM player_key");
    expect(await keys()).toEqual([{ key: `mail:${ID}`, expires_at_ms: null }]);
    claims.start();
    ground.clock.advance(SETTLE_MS);
    await claims.settleAll();
    expect(center.settled).toEqual([]);
    center.gone = undefined;
    await claims.settleAll();
    expect(center.settled).toEqual([`ann ${ID}`]);
    expect(await keys()).toEqual([{ key: `mail:${ID}`, expires_at_ms: START_MS + MAIL_KEY_KEPT_MS }]);
    await claims.settleAll();
    expect(center.settled.length).toBe(1);
    expect(await claims.claim("ann", ID)).toMatchObject({ kind: "ok", repeated: true });
    expect(await goldOf(owner)).toBe(5);
    await claims.stop();
    expect(ground.clock.pending).toBe(0);
  });

  test("that the center refuses to hear of keep no others", async () => {
    const { center, claims, ground } = await setup();
    const second = "cd".repeat(16);
    center.mails.set(second, MAIL);
    center.gone = undefined;
    const claimed = center.claimed.bind(center);
    center.claimed = () => Promise.reject(lost());
    await claims.claim("ann", ID);
    await claims.claim("ann", second);
    center.claimed = async (player, id) => {
      if (id === ID) throw refusal();
      await claimed(player, id);
    };
    await claims.settleAll();
    expect(center.settled).toEqual([`ann ${second}`]);
    const open = await ground.rows("SELECT key FROM player_key WHERE expires_at_ms IS NULL");
    expect(open).toEqual([{ key: `mail:${ID}` }]);
  });

  test("that do not fit are refused, and can be taken when there is room", async () => {
    const { center, claims, owner } = await setup();
    center.mails.set(ID, { ...MAIL, items: [{ item: "sword", count: 1 }] });
    await owner.data.change("ann", { key: "small", reason: "test", capacity: -200 });
    expect(await claims.claim("ann", ID)).toEqual({ kind: "full", places: 1, capacity: 0 });
    expect(center.settled).toEqual([]);
    await owner.data.change("ann", { key: "large", reason: "test", capacity: 1 });
    expect(await claims.claim("ann", ID)).toMatchObject({ kind: "ok", made: [{ item: "sword" }] });
  });

  test("stop after the one that is being settled, however many are left", async () => {
    const { center, claims, owner } = await setup();
    for (const id of ["1", "2", "3"].map((digit) => digit.repeat(32))) {
      await owner.data.change("ann", { key: id, reason: "mail" }, { keyPrefix: "mail:", isKeptUntilSettled: true });
    }
    center.heard = () => void claims.stop();
    await claims.settleAll();
    expect(center.settled.length).toBe(1);
  });
});

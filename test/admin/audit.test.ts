/**
 * GET /api/audit over the audit log of a real store: order, pages, and what happens when the store fails.
 */

import { createAdminApp } from "#admin/app.ts";
import { Counters } from "#base/counters.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import { AUDIT_MIGRATIONS, AUDIT_PAGE_MAX, AuditLog } from "#store/audit_log.ts";
import { migrate } from "#store/migrations.ts";
import { describe, expect, test } from "#test";
import { ManualClock } from "../store/manual_clock.ts";
import { digest } from "../wire/digest.ts";
import { FakePort } from "./fake_port.ts";
import { Fixture } from "./fixture.ts";

const ignore = (): void => undefined;
const SECRET = "read-secret-0123456789";

interface Page {
  readonly node: string;
  readonly entries: readonly { readonly number: number; readonly subject: string }[];
  readonly next?: number;
}

async function served() {
  const clock = new ManualClock();
  const store = openSqliteStore({ path: ":memory:", clock });
  await migrate(store, [AUDIT_MIGRATIONS], digest);
  const log = new AuditLog({ store });
  const app = createAdminApp({
    port: new FakePort(),
    tokens: [{ name: "reader", role: "read", secret: SECRET }],
    allowedHosts: [],
    log: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    clock,
    counters: new Counters(),
    digest,
    audit: { record: async (entry) => void (await log.append(entry)), page: (options) => log.page(options) },
  });
  const get = (query: string) =>
    app.request(`http://127.0.0.1/api/audit${query}`, {
      headers: { Host: "127.0.0.1", Authorization: `Bearer ${SECRET}` },
    });
  const page = async (query = ""): Promise<Page> => (await (await get(query)).json()) as Page;
  const ask = (path: string) =>
    app.request(`http://127.0.0.1${path}`, {
      method: "POST",
      headers: { Host: "127.0.0.1", Authorization: `Bearer ${SECRET}` },
    });
  return { store, clock, get, page, ask };
}

describe("Audit trail over HTTP", () => {
  test("is empty at first, then has the newest entry first, whole", async () => {
    const { store, page, ask, clock } = await served();
    expect(await page()).toEqual({ node: "cross_center:1", entries: [] });
    await ask("/api/activities/one/open");
    clock.advance(7);
    await ask("/api/activities/two/adopt");
    const common = { who: "reader", remote: "unknown", outcome: "refused", why: "" };
    expect(await page()).toEqual({
      node: "cross_center:1",
      entries: [
        { ...common, number: 2, atMs: clock.wallMs(), verb: "activity.adopt", subject: "two" },
        { ...common, number: 1, atMs: clock.wallMs() - 7, verb: "activity.open", subject: "one" },
      ],
    } as unknown as Page);
    await store.close();
  });

  test("pages follow each other without a gap, also while entries come in", async () => {
    const { store, page, ask } = await served();
    for (let count = 1; count <= 5; count += 1) await ask(`/api/activities/a${count}/open`);
    const first = await page("?limit=2");
    expect([first.entries.map(({ number }) => number), first.next]).toEqual([[5, 4], 4]);
    await ask("/api/activities/late/open");
    const second = await page(`?limit=2&before=${first.next}`);
    expect([second.entries.map(({ number }) => number), second.next]).toEqual([[3, 2], 2]);
    const third = await page(`?limit=2&before=${second.next}`);
    expect(third.entries.map(({ number }) => number)).toEqual([1]);
    expect("next" in third).toBe(false);
    expect((await page("?before=1")).entries).toEqual([]);
    await store.close();
  });

  test("a page is bounded without a limit as well", async () => {
    const { store, page, ask } = await served();
    for (let count = 0; count <= AUDIT_PAGE_MAX; count += 1) await ask(`/api/activities/a${count}/open`);
    const { entries, next } = await page();
    expect([entries.length, next]).toEqual([AUDIT_PAGE_MAX, 2]);
    await store.close();
  });

  test("says of each fault where it is and what is allowed", async () => {
    const { store, get } = await served();
    const response = await get("?before=-1&limit=1000&sort=up");
    expect(response.status).toBe(422);
    expect(((await response.json()) as { issues: unknown }).issues).toEqual([
      { path: "?before", message: "must be the number of an entry, 1 or more" },
      { path: "?limit", message: "must be 1 to 200" },
      { path: "?sort", message: "is not known here" },
    ]);
    await store.close();
  });

  test("a store that is closed is 500 without details", async () => {
    const { store, get } = await served();
    await store.close();
    const response = await get("");
    expect(response.status).toBe(500);
    expect(await response.json()).toMatchObject({ type: "urn:kuafu:problem:internal" });
  });

  test("reading it leaves no entry in it", async () => {
    const fixture = new Fixture();
    await fixture.ask("GET /api/audit");
    await fixture.ask("GET /api/orphans");
    expect(fixture.trail).toEqual([]);
  });
});

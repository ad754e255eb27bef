import { describe, expect, test } from "#test";
import { seededRandom } from "#base/random.ts";
import { LoginTable } from "#session/login_table.ts";
import { RECONCILE_PAGE_MAX } from "#session/session_contract.ts";
import type { Binding } from "#session/session_table.ts";
import { SESSIONS_MAX, SessionTable, nodesOf } from "#session/session_table.ts";
import { packBody } from "#wire/body.ts";
import { BODY_SIZE_MAX } from "#wire/limits.ts";
import { node } from "../mesh/harness.ts";

function binding(player: string, session: string): Binding {
  return { player, session };
}

function logins(table: LoginTable): Record<string, string | undefined> {
  return Object.fromEntries(table.players().map((player) => [player, table.sessionOf(player)]));
}

describe("LoginTable", () => {
  test("the newest session of a player counts; only it can end the login", () => {
    const table = new LoginTable();
    table.bind(binding("ann", "1"));
    table.bind(binding("bob", "2"));
    table.bind(binding("ann", "3"));
    table.unbind(binding("ann", "1"));
    expect(logins(table)).toEqual({ ann: "3", bob: "2" });
    table.unbind(binding("ann", "3"));
    table.unbind(binding("ann", "3"));
    table.unbind(binding("eve", "9"));
    expect([logins(table), table.count]).toEqual([{ bob: "2" }, 1]);
  });

  test("pages take effect together with the last one, and then entirely", () => {
    const table = new LoginTable();
    table.bind(binding("gone", "0"));
    table.reconcile({ run: 1, page: 0, pages: 3, bindings: [binding("ann", "1")] });
    table.reconcile({ run: 1, page: 1, pages: 3, bindings: [binding("bob", "2")] });
    expect(logins(table)).toEqual({ gone: "0" });
    table.reconcile({ run: 1, page: 2, pages: 3, bindings: [binding("cid", "3")] });
    expect(logins(table)).toEqual({ ann: "1", bob: "2", cid: "3" });
    table.reconcile({ run: 1, page: 0, pages: 1, bindings: [] });
    expect(logins(table)).toEqual({});
  });

  test("what is bound and unbound between pages is neither lost nor brought back", () => {
    const table = new LoginTable();
    table.reconcile({ run: 1, page: 0, pages: 2, bindings: [binding("ann", "1"), binding("bob", "2")] });
    table.bind(binding("cid", "3"));
    table.bind(binding("bob", "4"));
    table.unbind(binding("ann", "1"));
    expect(logins(table)).toEqual({ cid: "3", bob: "4" });
    table.reconcile({ run: 1, page: 1, pages: 2, bindings: [] });
    expect(logins(table)).toEqual({ cid: "3", bob: "4" });
  });

  test("pages with a gap before them change nothing; a new first one begins anew", () => {
    const table = new LoginTable();
    table.bind(binding("ann", "1"));
    table.reconcile({ run: 1, page: 1, pages: 2, bindings: [binding("bob", "2")] });
    expect(logins(table)).toEqual({ ann: "1" });
    table.reconcile({ run: 1, page: 0, pages: 4, bindings: [binding("bob", "2")] });
    for (const page of [2, 3]) table.reconcile({ run: 1, page, pages: 4, bindings: [binding("dan", "4")] });
    expect(logins(table)).toEqual({ ann: "1" });
    table.reconcile({ run: 1, page: 0, pages: 2, bindings: [binding("bob", "2")] });
    table.reconcile({ run: 1, page: 0, pages: 1, bindings: [binding("cid", "3")] });
    expect(logins(table)).toEqual({ cid: "3" });
    table.reconcile({ run: 1, page: 1, pages: 2, bindings: [binding("bob", "2")] });
    expect(logins(table)).toEqual({ cid: "3" });
  });

  test("pages of two runs are never put together", () => {
    const table = new LoginTable();
    table.reconcile({ run: 1, page: 0, pages: 2, bindings: [binding("ann", "1")] });
    table.reconcile({ run: 2, page: 1, pages: 2, bindings: [binding("bob", "2")] });
    expect(logins(table)).toEqual({});
    table.reconcile({ run: 1, page: 1, pages: 2, bindings: [binding("cid", "3")] });
    expect(logins(table)).toEqual({});
  });

  test("clear drops everybody, and the pages that are under way", () => {
    const table = new LoginTable();
    table.bind(binding("ann", "1"));
    table.bind(binding("bob", "2"));
    table.reconcile({ run: 1, page: 0, pages: 2, bindings: [binding("cid", "3")] });
    expect(table.clear()).toEqual(2);
    table.reconcile({ run: 1, page: 1, pages: 2, bindings: [binding("dan", "4")] });
    expect([logins(table), table.clear()]).toEqual([{}, 0]);
  });
});

describe("SessionTable", () => {
  test("one session per player: a new one replaces the old one, which can end nothing any more", () => {
    const table = new SessionTable(seededRandom(1));
    const first = table.open("ann");
    const second = table.open("ann");
    if (first === "full" || second === "full") throw new Error("full");
    expect(first.replaced).toEqual(undefined);
    expect(second.replaced).toEqual(first.opened);
    expect(first.opened.session).toMatch(/^[0-9a-f]{32}$/);
    expect(first.opened.session === second.opened.session).toEqual(false);
    expect([table.count, table.close(first.opened), table.count]).toEqual([1, false, 1]);
    expect([table.close(second.opened), table.close(second.opened), table.count]).toEqual([true, false, 0]);
  });

  test("is full at its bound: a player who has a session may still have a new one", () => {
    const table = new SessionTable(seededRandom(1));
    for (let player = 0; player < SESSIONS_MAX; player += 1) table.open(`p${player}`);
    expect(table.open("one more")).toEqual("full");
    expect(table.open("p0") === "full").toEqual(false);
    expect(table.count).toEqual(SESSIONS_MAX);
  });

  test("gives each node what it has to believe", () => {
    const table = new SessionTable(seededRandom(1));
    const nodes = ["center:3", "user:301", "user:302", "map:301"].map((id) => node(id));
    const players = Array.from({ length: 200 }, (_, index) => `p${index}`);
    for (const player of players) table.open(player);
    const of = (id: string): string[] => table.bindingsOf(node(id), nodes).map(({ player }) => player);
    expect(of("center:3")).toEqual(players);
    expect(of("map:301")).toEqual([]);
    expect([...of("user:301"), ...of("user:302")].toSorted()).toEqual(players.toSorted());
    expect(Math.abs(of("user:301").length - 100)).toBeLessThan(30);
    expect(of("user:303")).toEqual([]);
  });
});

describe("nodesOf", () => {
  test("is the center and one user node, the same one while it is there", () => {
    const nodes = ["center:3", "user:301", "user:302", "user:303", "map:301"].map((id) => node(id));
    for (const player of ["ann", "bob", "玩家", ""]) {
      const told = nodesOf(player, nodes).map((one) => one.role);
      expect(told.toSorted()).toEqual(["center", "user"]);
      const user = nodesOf(player, nodes).find((one) => one.role === "user");
      const others = nodes.filter((one) => one.role !== "user" || one === user);
      expect(nodesOf(player, others).includes(user ?? node("user:1"))).toEqual(true);
    }
    expect(nodesOf("ann", [])).toEqual([]);
  });
});

describe("a reconcile page", () => {
  test("fits into a frame, however long the players' names are", () => {
    const player = "夸".repeat(128);
    const bindings = Array.from({ length: RECONCILE_PAGE_MAX }, () => binding(player, "f".repeat(32)));
    expect(packBody({ run: 2 ** 32 - 1, page: 99, pages: 100, bindings }).length).toBeLessThanOrEqual(BODY_SIZE_MAX);
  });
});

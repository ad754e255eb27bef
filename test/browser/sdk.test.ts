/**
 * The players' client in a real browser, against a gateway of the compiled executable. Connections are cut by a stretch of
 * network between them, gateways die by SIGKILL; nothing is played.
 */

import { resolve } from "node:path";
import { describe, expect } from "#test";
import type { ClientStatus } from "#client/client_status.ts";
import type { NodeSpec } from "../cluster/harness/cluster_file.ts";
import { Cutter } from "../cluster/harness/cutter.ts";
import type { Ground } from "../cluster/harness/ground.ts";
import { clusterTest, endLeftClusters } from "../cluster/harness/ground.ts";
import type { TestCluster } from "../cluster/harness/test_cluster.ts";
import { waitFor } from "../cluster/harness/wait.ts";
import type { PageEnd, PageRequest } from "./harness/page_player.ts";
import type { PageServer } from "./harness/page_server.ts";
import { STRANGER, servePage } from "./harness/page_server.ts";
import { PlayerPage } from "./harness/player_page.ts";
import { CHROMIUM, CURE, TestBrowser, endLeftBrowsers } from "./harness/test_browser.ts";

endLeftClusters();
endLeftBrowsers();

const STRONGBOX = resolve(import.meta.dir, "../cluster/modules/strongbox.ts");
const GATEWAY = "gateway:1";
/** They stay when their gateway dies, with what they remember. */
const FOLLOWERS: readonly NodeSpec[] = [
  { id: "center:1", onGatewayDeath: "clear_logins" },
  { id: "user:101", onGatewayDeath: "clear_logins" },
];
const NODES: readonly NodeSpec[] = [{ id: GATEWAY, players: true }, ...FOLLOWERS];

/** A browser that starts takes both cores for a while, and is not to be taken for a silent link. */
const HEARTBEAT_MS = 1_000;

const LINK_LOST = { kind: "failure", code: "LINK_LOST", executed: null, cause: "" } as const;

class Stage {
  readonly cluster: TestCluster;
  readonly network: Cutter;
  readonly pages: PlayerPage[] = [];
  readonly #browser: TestBrowser;
  readonly #server: PageServer;

  constructor(cluster: TestCluster, browser: TestBrowser, server: PageServer) {
    this.cluster = cluster;
    this.network = new Cutter(cluster.file.players.get(GATEWAY) ?? 0);
    this.#browser = browser;
    this.#server = server;
  }

  /** Straight to the gateway. */
  get direct(): string {
    return `ws://127.0.0.1:${this.cluster.file.players.get(GATEWAY)}/`;
  }

  /** Over the network that can be cut. */
  get cuttable(): string {
    return `ws://127.0.0.1:${this.network.port}/`;
  }

  async open(name: string): Promise<PlayerPage> {
    const page = await PlayerPage.open(this.#browser.browser, { url: this.#server.url, name });
    this.pages.push(page);
    return page;
  }

  async enter(name: string, url: string): Promise<PlayerPage> {
    const page = await this.open(name);
    await page.connect(url);
    await page.becomes("online");
    return page;
  }
}

function browserTest(name: string, body: (stage: Stage) => Promise<void>): void {
  clusterTest(name, async (ground: Ground) => {
    const cluster = ground.cluster({ nodes: NODES, modules: [STRONGBOX], heartbeatMs: HEARTBEAT_MS });
    const browser = await TestBrowser.launch();
    const server = await servePage();
    const stage = new Stage(cluster, browser, server);
    try {
      await cluster.start();
      await body(stage);
      expect(stage.pages.map(({ problems }) => problems)).toEqual(stage.pages.map(() => []));
    } finally {
      await browser.end();
      await server.stop();
      stage.network.stop();
    }
  });
}

function add(name: string, more: { readonly key?: string; readonly isHeld?: boolean } = {}): PageRequest {
  return { name, method: "add", body: { key: more.key ?? "", isHeld: more.isHeld ?? false } };
}

function tell(name: string, text: string): PageRequest {
  return { name, method: "tell", body: { text } };
}

function told(text: string): unknown {
  return { type: "told", body: { text } };
}

function reply(body: unknown): PageEnd {
  return { kind: "reply", body };
}

function kinds(statuses: readonly ClientStatus[]): readonly string[] {
  return statuses.map((status) => (status.kind === "online" ? `online, resumed ${status.resumed}` : status.kind));
}

if (CHROMIUM === undefined) console.log(`skip: the players' client in a browser, ${CURE}`);

describe.skipIf(CHROMIUM === undefined)("The players' client in a browser", () => {
  browserTest("logs in, asks, hears what others say, and is told of a newer login", async (stage) => {
    const ann = await stage.enter("ann", stage.direct);
    const bob = await stage.enter("bob", stage.direct);
    await ann.ask(add("first"), add("second"), { name: "bad", method: "add", body: { key: 1 } }, tell("tell", "跨服"));
    expect(await ann.ends(["first", "second", "bad", "tell"])).toEqual([
      reply({ total: 1 }),
      reply({ total: 2 }),
      { kind: "failure", code: "INVALID", executed: false, cause: "" },
      reply({ told: 2 }),
    ]);
    expect(await bob.pushes(1)).toEqual([told("跨服")]);
    const newer = await stage.enter("bob", stage.direct);
    expect(await bob.becomes("offline")).toMatchObject({ kind: "offline", reason: { code: "replaced" } });
    await newer.ask(add("newer"));
    expect(await newer.end("newer")).toEqual(reply({ total: 1 }));
    const { mayEvaluate, statuses } = await bob.record();
    expect(kinds(statuses)).toEqual(["connecting", "online, resumed false", "offline"]);
    expect(mayEvaluate).toBe(false);
  });

  browserTest("a connection that is cut is resumed: pushes in order, and each request executed once", async (stage) => {
    const ann = await stage.enter("ann", stage.cuttable);
    const bob = await stage.enter("bob", stage.direct);
    const names = Array.from({ length: 30 }, (_, index) => `a${index + 1}`);
    const [before, underWay, meanwhile] = [names.slice(0, 5), names.slice(5, 20), names.slice(20)];
    await ann.ask(...before.map((name) => add(name)));
    await ann.ends(before);
    // The first one is executed and its answer held back, the others wait behind it.
    await ann.ask(...underWay.map((name, index) => add(name, { isHeld: index === 0 })));
    await ann.pushes(1);
    stage.network.cut();
    await ann.becomes("resuming");
    await ann.ask(...meanwhile.map((name) => add(name)));
    const texts = ["one", "two", "three"];
    for (const text of texts) await bob.ask(tell(text, text));
    await bob.ask({ name: "release", method: "release", body: {} });
    expect(await bob.end("release")).toEqual(reply({ released: 1 }));
    stage.network.heal();
    expect(await ann.ends(names)).toEqual(names.map((_, index) => reply({ total: index + 1 })));
    expect(await ann.pushes(4)).toEqual([{ type: "added", body: { total: 6 } }, ...texts.map(told)]);
    const { statuses } = await ann.record();
    expect(new Set(kinds(statuses))).toEqual(
      new Set(["connecting", "online, resumed false", "resuming", "online, resumed true"]),
    );
    expect(new Set(statuses.flatMap((status) => ("session" in status ? status.session : []))).size).toBe(1);
    // And once more, now with nothing under way.
    stage.network.cut();
    await ann.becomes("resuming");
    stage.network.heal();
    await ann.becomes("online");
    await bob.ask(tell("four", "four"));
    await ann.ask({ name: "read", method: "read", body: {} });
    expect(await ann.end("read")).toEqual(reply({ total: 30 }));
    expect((await ann.pushes(5)).slice(4)).toEqual([told("four")]);
  });

  browserTest("a gateway that is killed: logs in anew, and repeats what may be repeated", async (stage) => {
    const { cluster, network } = stage;
    const ann = await stage.enter("ann", stage.cuttable);
    const bob = await stage.enter("bob", stage.cuttable);
    // Executed, with its answer held back; behind it three that have not been executed.
    await ann.ask(
      { ...add("keyed", { key: "k-1", isHeld: true }), repeatable: true },
      add("unkeyed"),
      { ...add("behind", { key: "k-2" }), repeatable: true },
      { name: "idempotent", method: "read", body: {} },
    );
    await bob.ask(add("executed", { isHeld: true }));
    await Promise.all([ann.pushes(1), bob.pushes(1)]);
    const linkUps = (id: string): number => cluster.node(id).life.all("link up").length;
    const before = new Map(FOLLOWERS.map(({ id }) => [id, linkUps(id)]));
    await cluster.node(GATEWAY).kill();
    network.cut();
    await Promise.all([ann.becomes("resuming"), bob.becomes("resuming")]);
    await ann.ask(add("later"));
    await cluster.node(GATEWAY).start();
    for (const { id } of FOLLOWERS) {
      await waitFor(() => (linkUps(id) > (before.get(id) ?? 0) ? true : undefined), {
        what: `${id} to be linked again`,
        withinMs: 15_000,
        notices: cluster.notices,
      });
    }
    network.heal();
    expect(await ann.ends(["keyed", "unkeyed", "behind", "idempotent", "later"])).toEqual([
      reply({ total: 1 }),
      LINK_LOST,
      reply({ total: 2 }),
      reply({ total: 2 }),
      reply({ total: 3 }),
    ]);
    expect(await bob.end("executed")).toEqual(LINK_LOST);
    await bob.becomes("online");
    await bob.ask({ name: "read", method: "read", body: {} });
    expect(await bob.end("read")).toEqual(reply({ total: 1 }));
    const { statuses, pushes } = await ann.record();
    expect(pushes).toEqual([{ type: "added", body: { total: 1 } }]);
    expect(statuses.at(-1)).toMatchObject({ kind: "online", player: "ann", resumed: false });
    expect(new Set(statuses.flatMap((status) => (status.kind === "online" ? status.session : []))).size).toBe(2);
  });

  browserTest("a token that nobody has signed: offline, with the code, and stays so", async (stage) => {
    const stranger = await stage.open(STRANGER);
    await stranger.connect(stage.direct);
    expect(await stranger.becomes("offline")).toMatchObject({ kind: "offline", reason: { code: "bad_token" } });
    await stranger.ask(add("add"));
    expect(await stranger.end("add")).toEqual({ ...LINK_LOST, executed: false });
    expect(kinds((await stranger.record()).statuses)).toEqual(["connecting", "offline"]);
  });

  browserTest("a signal gives a request up, before or under way, and the session goes on", async (stage) => {
    const ann = await stage.enter("ann", stage.direct);
    const bob = await stage.enter("bob", stage.direct);
    await ann.ask({ ...add("before"), isAborted: true }, add("held", { isHeld: true }), add("behind"));
    const aborted = { kind: "failure", code: "ABORTED" } as const;
    expect(await ann.end("before")).toEqual({ ...aborted, executed: false, cause: "before" });
    await ann.pushes(1);
    await ann.abort("held");
    expect(await ann.end("held")).toEqual({ ...aborted, executed: null, cause: "by the player" });
    await bob.ask({ name: "release", method: "release", body: {} });
    // The one before was not executed, the one that was given up was.
    expect(await ann.end("behind")).toEqual(reply({ total: 2 }));
    expect(kinds((await ann.record()).statuses)).toEqual(["connecting", "online, resumed false"]);
  });
});

/**
 * Bots of the compiled executable on a cluster of it: what they say of themselves is what the gateway counted.
 */

import { resolve } from "node:path";
import { describe, expect } from "#test";
import type { BotSummary } from "#bots/bot_summary.ts";
import type { NodeSpec } from "./harness/cluster_file.ts";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import { tokenOf } from "./harness/player_token.ts";
import type { TestCluster } from "./harness/test_cluster.ts";
import { waitFor } from "./harness/wait.ts";

endLeftClusters();

const ECHO = resolve(import.meta.dir, "modules/player_echo.ts");
const NODES: readonly NodeSpec[] = [
  { id: "gateway:1", players: true, admin: true },
  { id: "center:1" },
  { id: "user:101" },
];
const BOTS = 100;

/** Sums of the gateway's own counters; all reasons of one together. */
async function counted(cluster: TestCluster, names: readonly string[]): Promise<Record<string, number>> {
  const { url } = cluster.admin;
  const answer = await fetch(`${url}/metrics`, { headers: { authorization: `Bearer ${cluster.file.token}` } });
  const text = await answer.text();
  return Object.fromEntries(
    names.map((name) => {
      const series = text.matchAll(new RegExp(`^kuafu_${name}(?:\\{[^}]*\\})? (\\S+)$`, "gm"));
      return [name, [...series].reduce((sum, [, value]) => sum + Number(value), 0)];
    }),
  );
}

/** Far sooner than a session that waits to be resumed would end. */
function loggedIn(cluster: TestCluster, count: number): Promise<true> {
  const isSo = async (): Promise<true | undefined> =>
    (await counted(cluster, ["logins"]))["logins"] === count ? true : undefined;
  return waitFor(isSo, { what: `${count} logins`, withinMs: 10_000, notices: cluster.notices });
}

/** Tokens as a login service would hand them out, in a file beside the cluster's. */
async function writeTokens(cluster: TestCluster, count: number): Promise<void> {
  const tokens = await Promise.all(Array.from({ length: count }, (_, index) => tokenOf(`bot-${index + 1}`)));
  await Bun.write(`${cluster.folder}/tokens.txt`, tokens.join("\n"));
}

describe("Bots", () => {
  clusterTest("log in, ask, are cut off, resume and log out, and the gateway has counted the same", async (ground) => {
    const cluster = ground.cluster({ nodes: NODES, modules: [ECHO] });
    await cluster.start();
    await cluster.settled();
    await writeTokens(cluster, BOTS);
    const where = ["--config", "cluster.toml", "--shard", "1", "--tokens", "tokens.txt"];
    const asks = ["--ask", '3300:{"text":"$key of $player"}', "--rate", "5"];
    const how = ["--players", String(BOTS), "--seconds", "9", "--seed", "7", "--log", "json"];
    const life = cluster.run("--role", "bot", ...where, ...asks, ...how);
    // Operators see them while they play.
    await waitFor(
      async () => {
        const { body } = await cluster.admin.ask("GET", "/api/sessions");
        const sessions = (body as { readonly sessions?: number } | undefined)?.sessions ?? 0;
        return sessions > BOTS * 0.8 ? true : undefined;
      },
      { what: "most bots to be seen", withinMs: 8_000, notices: cluster.notices },
    );
    expect((await life.ended).code).toBe(0);
    const summary = JSON.parse(life.lines.find(({ text }) => text.startsWith("{"))?.text ?? "") as BotSummary;
    expect(summary).toMatchObject({ bots: BOTS, seed: 7, loginsAfterLoss: 0, errors: {}, ends: {} });
    // Whoever had logged out shortly before the end did not come again.
    expect(summary.logins).toBeGreaterThanOrEqual(BOTS);
    expect(summary.logins).toBeLessThanOrEqual(BOTS + summary.logouts);
    expect(summary.cuts).toBeGreaterThan(3);
    expect(summary.resumes).toBe(summary.cuts);
    expect(summary.requests).toBeGreaterThan(BOTS * 20);
    expect(summary.replies + summary.unanswered).toBe(summary.requests);
    expect(summary.request.count).toBe(summary.replies - summary.carried);
    expect(summary.login.count).toBe(summary.logins);
    expect(summary.resume.count).toBe(summary.resumes);
    expect(await counted(cluster, ["session_opened_total", "session_resumed_total", "session_refused_total"])).toEqual({
      session_opened_total: summary.logins,
      session_resumed_total: summary.resumes,
      session_refused_total: 0,
    });
    const handedOn = (await counted(cluster, ["session_request_total"]))["session_request_total"] ?? 0;
    expect(handedOn).toBeGreaterThanOrEqual(summary.replies);
    expect(handedOn).toBeLessThanOrEqual(summary.requests);
    // They said goodbye: nobody waits to be resumed.
    await loggedIn(cluster, 0);
  });

  clusterTest("are refused and told why, and a stop ends them in order", async (ground) => {
    const cluster = ground.cluster({ nodes: NODES, modules: [ECHO] });
    await cluster.start();
    await cluster.settled();
    const unsigned = cluster.run("--role", "bot", "--players", "1", "--config", "cluster.toml");
    expect((await unsigned.ended).code).toBe(2);
    expect(unsigned.lines.map(({ text }) => text)).toEqual([
      "cluster.toml: players: found development = false; allowed: development = true, for bots to sign their own " +
        "tokens; or --tokens FILE",
    ]);
    await Bun.write(`${cluster.folder}/strange.txt`, "x.y.z\n");
    const url = `ws://127.0.0.1:${cluster.file.players.get("gateway:1")}`;
    const stranger = cluster.run("--role", "bot", "--players", "1", "--url", url, "--tokens", "strange.txt");
    expect((await stranger.ended).code).toBe(1);
    const reason = "bad_token: Cannot log in: it is no signed JSON Web Token";
    expect(stranger.lines.map(({ text }) => text)).toContain(`Cannot log in with any of 1 bots: ${reason}`);
    await writeTokens(cluster, 5);
    const stopped = cluster.run("--role", "bot", "--players", "5", "--url", url, "--tokens", "tokens.txt");
    await loggedIn(cluster, 5);
    stopped.signal("SIGTERM");
    expect((await stopped.ended).code).toBe(0);
    await loggedIn(cluster, 0);
  });
});

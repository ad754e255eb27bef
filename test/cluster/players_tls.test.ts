/**
 * Players on the compiled executable with TLS: they come in by wss and by TLS over TCP, bots as well when they trust the CA,
 * nobody in the clear, and a gateway with a certificate that is no good does not start.
 */

import { appendFileSync, chmodSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect } from "#test";
import { hasOpenssl, TestAuthority } from "../runtime/certificates.ts";
import { playerByTcp, playerByWebSocket, stranger, type TlsPlayer } from "../runtime/tls_players.ts";
import type { NodeSpec } from "./harness/cluster_file.ts";
import type { Ground } from "./harness/ground.ts";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import { EXECUTABLE } from "./harness/life.ts";
import { tokenOf } from "./harness/player_token.ts";
import type { TestCluster } from "./harness/test_cluster.ts";
import { waitFor } from "./harness/wait.ts";
import { Satchel } from "./modules/satchel.ts";

endLeftClusters();

const SATCHEL = resolve(import.meta.dir, "modules/satchel.ts");
const NODES: readonly NodeSpec[] = [
  { id: "gateway:1", players: true, playersTcp: true },
  { id: "center:1", admin: true },
  { id: "user:101" },
];
const WAIT_MS = 20_000;

async function secured(ground: Ground): Promise<{ readonly cluster: TestCluster; readonly authority: TestAuthority }> {
  const cluster = ground.cluster({ nodes: NODES, modules: [SATCHEL] });
  const authority = new TestAuthority(join(cluster.folder, "tls"));
  authority.sign("s1", { names: ["s1.test,IP:127.0.0.1"], days: 90 });
  chmodSync(join(authority.folder, "s1.key"), 0o600);
  // The table of players is the file's last.
  appendFileSync(cluster.file.path, 'tls = { cert_file = "tls/s{id}.crt", key_file = "tls/s{id}.key" }\n');
  return { cluster, authority };
}

/** Its user node may not be there yet. */
async function put(player: TlsPlayer, of: { readonly name: string; readonly cluster: TestCluster }): Promise<string> {
  let seq = 0;
  return await waitFor(
    async () => {
      seq += 1;
      player.say({ kind: "request", seq, method: Satchel.put.id, body: { item: "apple" } });
      const heard = await player.hear();
      return heard.startsWith("reply") ? heard.replace(/^reply \d+ /, "") : undefined;
    },
    { what: `${of.name} to be served`, withinMs: WAIT_MS, notices: of.cluster.notices },
  );
}

describe.skipIf(!hasOpenssl)("Players' ports with TLS", () => {
  clusterTest("take players by wss and by TLS over TCP, and nobody else", async (ground) => {
    const { cluster, authority } = await secured(ground);
    await cluster.start();
    const { authority: ca } = authority.texts("s1");
    const webSocket = cluster.file.players.get("gateway:1") ?? 0;
    const tcp = cluster.file.playersTcp.get("gateway:1") ?? 0;
    const started = await cluster.node("gateway:1").line("node started", { withinMs: WAIT_MS });
    expect(started.data).toMatchObject({
      players: `wss://127.0.0.1:${webSocket}`,
      playersTcp: `tls://127.0.0.1:${tcp}`,
    });
    for (const [name, enter, port] of [
      ["ann", playerByWebSocket, webSocket],
      ["bob", playerByTcp, tcp],
    ] as const) {
      const player = await enter(port, { ca });
      try {
        player.say({ kind: "hello", token: await tokenOf(name), resume: null });
        expect(await player.hear()).toEqual(`welcome ${name} 0`);
        expect(await put(player, { name, cluster })).toEqual('{"items":["apple"],"at":"user:101"}');
        const plain = await stranger(port, "GET / HTTP/1.1\r\nHost: x\r\n\r\n");
        expect(await plain.closed).toBeLessThan(8);
        player.say({ kind: "ping", n: 1 });
        expect(await player.hear()).toEqual("pong 1");
      } finally {
        player.leave();
      }
    }
    const gateway = cluster.node("gateway:1").life;
    const told = gateway.lines.filter(({ text }) => text.includes("BEGIN") || text.includes("certificate"));
    expect([told, gateway.isAlive]).toEqual([[], true]);
    console.log(`      players over TLS: ${ground.seconds} s`);
  });

  clusterTest("take bots that trust the CA, which Bun's environment names", async (ground) => {
    const { cluster, authority } = await secured(ground);
    await cluster.start();
    writeFileSync(join(cluster.folder, "tokens.txt"), `${await tokenOf("bot-1")}\n${await tokenOf("bot-2")}\n`);
    const play = async (environment: Readonly<Record<string, string>>): Promise<readonly [number, string]> => {
      const bots = Bun.spawn(
        [
          ...[EXECUTABLE, "--role", "bot", "--players", "2", "--seconds", "2", "--config", "cluster.toml"],
          ...["--tokens", "tokens.txt", "--ask", '3200:{"item":"apple"}'],
        ],
        { cwd: cluster.folder, env: { ...process.env, ...environment }, stdout: "pipe", stderr: "pipe" },
      );
      const [out, err] = await Promise.all([new Response(bots.stdout).text(), new Response(bots.stderr).text()]);
      return [await bots.exited, out + err];
    };
    const [code, text] = await play({ NODE_EXTRA_CA_CERTS: authority.path });
    expect([code, text]).toEqual([0, expect.stringContaining(`at wss://127.0.0.1:`)]);
    expect((await play({}))[0]).toBe(1);
    console.log(`      bots over TLS: ${ground.seconds} s`);
  });

  clusterTest("do not open with a key that does not fit, and are not opened in the clear instead", async (ground) => {
    const { cluster, authority } = await secured(ground);
    authority.sign("other", { names: ["s1.test"] });
    const other = await Bun.file(join(authority.folder, "other.key")).text();
    writeFileSync(join(authority.folder, "s1.key"), other);
    const life = cluster.node("gateway:1").spawn();
    expect((await life.ended).code).toBe(2);
    expect(life.all("node cannot start").map(({ data }) => data["reason"])).toEqual([
      "tls/s1.key: players.tls.key_file: found the key of another certificate; allowed: the key of the certificate in cert_file",
    ]);
    expect(life.lines.filter(({ text }) => text.includes("PRIVATE"))).toEqual([]);
  });
});

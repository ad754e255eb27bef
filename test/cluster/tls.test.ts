/** The compiled executable with `[tls]`: a cluster comes up and heals over TLS, and each file of the table is believed. */

import { appendFileSync, chmodSync, copyFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect } from "#test";
import { parseNodeId } from "#wire/role.ts";
import { hasOpenssl, TestAuthority } from "../runtime/certificates.ts";
import { CLUSTER_NAME } from "./harness/cluster_file.ts";
import type { Ground } from "./harness/ground.ts";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import { Notes, WITNESS } from "./harness/notes.ts";
import { RawPeer } from "./harness/raw_peer.ts";
import type { TestCluster } from "./harness/test_cluster.ts";
import { CHAIN } from "./harness/topologies.ts";

endLeftClusters();

const CONFIG = 2;
const LINE_MS_MAX = 10_000;
const EXIT_GATEWAY_DIED = 75;
const TABLE = '\n[tls]\ncert_file = "tls/{role}-{id}.crt"\nkey_file = "tls/{role}-{id}.key"\nca_file = "tls/ca.crt"\n';

interface Secured {
  readonly cluster: TestCluster;
  readonly authority: TestAuthority;
}

function nameOf(id: string): string {
  return `${id.replaceAll("_", "-").replace(":", "-")}.${CLUSTER_NAME}`;
}

/** `<role>-<id>`, as the placeholders of the table say it. */
function fileOf(id: string): string {
  const node = parseNodeId(id);
  return `${node?.role ?? ""}-${node?.number ?? 0}`;
}

function secured(ground: Ground): Secured {
  const cluster = ground.cluster({ nodes: CHAIN, modules: [WITNESS] });
  appendFileSync(cluster.file.path, TABLE);
  const authority = new TestAuthority(join(cluster.folder, "tls"));
  for (const { id } of CHAIN) {
    authority.sign(fileOf(id), { names: [nameOf(id)] });
    chmodSync(join(authority.folder, `${fileOf(id)}.key`), 0o600);
  }
  return { cluster, authority };
}

/** How a node that was just told to start ends, and the reasons that it says. */
async function refused(cluster: TestCluster, id: string): Promise<readonly [number | undefined, readonly string[]]> {
  const life = cluster.node(id).spawn();
  const { code } = await life.ended;
  return [code, life.all("node cannot start").map((line) => String(line.data["reason"]))];
}

describe.skipIf(!hasOpenssl)("A cluster with [tls]", () => {
  clusterTest("comes up, carries activities and calls, and heals after kill -9 of each gateway", async (ground) => {
    const { cluster } = secured(ground);
    const notes = new Notes(cluster);
    await cluster.start();
    await notes.open("first");
    await notes.expectEverywhere();
    expect(await notes.expectEveryCall("before")).toBe(4 * 3);

    await cluster.node("cross_gateway:1").kill();
    await notes.open("while_down");
    await cluster.node("cross_gateway:1").start();
    await notes.expectEverywhere();

    await cluster.node("gateway:1").kill();
    expect((await cluster.node("center:1").exited(LINE_MS_MAX)).code).toBe(EXIT_GATEWAY_DIED);
    await Promise.all(["gateway:1", "center:1"].map((id) => cluster.node(id).start()));
    await notes.expectEverywhere();
    expect(await notes.expectEveryCall("after")).toBe(4 * 3);

    // Whoever speaks without TLS is not even asked who it is.
    const port = cluster.file.listen.get("gateway:1") ?? 0;
    const plain = await RawPeer.connect(port);
    plain.write(new TextEncoder().encode("\0\0\0\x80KF, and what a frame has behind it"));
    await plain.closed();
    const line = await cluster.node("gateway:1").line("conn refused", {
      data: { reason: "tls_failed", detail: "the other end speaks no TLS" },
      withinMs: LINE_MS_MAX,
    });
    expect(line.level).toBe("warn");
    const lines = cluster.nodes().flatMap((node) => node.lives.flatMap((life) => life.lines));
    expect(lines.filter((each) => each.text.includes("BEGIN") || each.phrase.includes("secret file"))).toEqual([]);
    console.log(`      over TLS: ${ground.seconds} s`);
  });

  clusterTest(
    "refuses to start with a file that is missing or of somebody else, with code 2 and its key",
    async (ground) => {
      const { cluster, authority } = secured(ground);
      const folder = authority.folder;
      const own = (suffix: string): string => join(folder, `center-1.${suffix}`);
      const other = (suffix: string): string => join(folder, `gateway-1.${suffix}`);
      const kept = (suffix: string): string => join(folder, `kept.${suffix}`);
      for (const suffix of ["crt", "key"]) copyFileSync(own(suffix), kept(suffix));
      const put = (suffix: string, from: string): void => copyFileSync(from, own(suffix));

      put("crt", other("crt"));
      const wanted = `allowed: one for ${nameOf("center:1")} (DNS in subjectAltName)`;
      expect(await refused(cluster, "center:1")).toEqual([
        CONFIG,
        [`tls/center-1.crt: tls.cert_file: found a certificate for ${nameOf("gateway:1")}; ${wanted}`],
      ]);
      put("crt", kept("crt"));
      put("key", other("key"));
      expect(await refused(cluster, "center:1")).toEqual([
        CONFIG,
        [
          "tls/center-1.key: tls.key_file: found the key of another certificate; allowed: the key of the certificate in cert_file",
        ],
      ]);
      writeFileSync(own("key"), "no key, but not to be shown\n");
      const [code, reasons] = await refused(cluster, "center:1");
      expect([code, reasons.length, reasons[0]]).toEqual([
        CONFIG,
        1,
        expect.stringContaining("tls.key_file: found no key in it"),
      ]);
      expect(reasons[0]).not.toContain("not to be shown");
      put("key", kept("key"));
      copyFileSync(join(folder, "ca.crt"), kept("ca"));
      for (const [text, found] of [
        ["", "no certificate in it"],
        [await Bun.file(own("crt")).text(), "a certificate that is no CA's"],
      ] as const) {
        writeFileSync(join(folder, "ca.crt"), text);
        expect((await refused(cluster, "center:1"))[1]).toEqual([
          expect.stringContaining(`tls.ca_file: found ${found}`),
        ]);
      }
      copyFileSync(kept("ca"), join(folder, "ca.crt"));

      writeFileSync(
        cluster.file.path,
        (await Bun.file(cluster.file.path).text()).replace("tls/ca.crt", "tls/absent.crt"),
      );
      expect(await refused(cluster, "center:1")).toEqual([
        CONFIG,
        ["Cannot read tls.ca_file tls/absent.crt: there is no such file"],
      ]);
      console.log(`      files that are no good: ${ground.seconds} s`);
    },
  );

  clusterTest(
    "refuses nodes of another CA, with an old certificate or without TLS, by name at both ends",
    async (ground) => {
      const { cluster, authority } = secured(ground);
      const others = new TestAuthority(join(cluster.folder, "others"));
      await cluster.start("cross_center:1", "cross_gateway:1", "gateway:1");
      const center = cluster.node("center:1");
      const gateway = cluster.node("gateway:1");

      others.sign("center-1", { names: [nameOf("center:1")] });
      for (const suffix of ["crt", "key"]) {
        copyFileSync(join(others.folder, `center-1.${suffix}`), join(authority.folder, `center-1.${suffix}`));
      }
      chmodSync(join(authority.folder, "center-1.key"), 0o644);
      await center.start();
      await gateway.line("conn refused", {
        data: { reason: "bad_certificate", detail: "the certificate of the other end is not signed by our CA" },
        withinMs: LINE_MS_MAX,
      });
      await center.line("dial failed", { data: { target: "gateway:1" }, withinMs: LINE_MS_MAX });
      // The key is a secret like others.
      await center.line("secret file can be read by others", {
        data: { path: "tls/center-1.key" },
        withinMs: LINE_MS_MAX,
      });
      await center.kill();
      // What a stranger can cause is logged once in a while only: a new life says it again.
      await gateway.kill();
      await gateway.start();

      authority.sign("center-1", { names: [nameOf("center:1")], days: -1 });
      await center.start();
      expect((await center.line("certificate has expired", { withinMs: LINE_MS_MAX })).level).toBe("error");
      await gateway.line("conn refused", {
        data: { reason: "bad_certificate", detail: "the certificate of the other end has expired" },
        withinMs: LINE_MS_MAX,
      });
      await center.kill();

      const withTable = await Bun.file(cluster.file.path).text();
      writeFileSync(cluster.file.path, withTable.replace(TABLE, ""));
      await center.start();
      await gateway.line("conn refused", { data: { reason: "tls_failed" }, withinMs: LINE_MS_MAX });
      await center.kill();
      expect(gateway.life.all("link up", { peer: "center:1" })).toEqual([]);

      writeFileSync(cluster.file.path, withTable);
      authority.sign("center-1", { names: [nameOf("center:1")] });
      await center.start();
      await cluster.settled();
      expect((await center.line("certificate ends soon", { withinMs: LINE_MS_MAX })).level).toBe("warn");
      console.log(`      strangers: ${ground.seconds} s`);
    },
  );
});

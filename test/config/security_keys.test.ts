/**
 * Every key of the cluster file that security rests on: whole nodes, started from a file, must do what it says. Each
 * test fails when the key is ignored. Certificates on real sockets: test/runtime/tls_links.test.ts, test/cluster/tls.test.ts.
 */

import { afterEach, describe, expect, test } from "#test";
import type { HttpHandler } from "#base/http_server.ts";
import { seededRandom } from "#base/random.ts";
import type { TlsTexts } from "#link/tls.ts";
import { openSqliteStore } from "#runtime/sqlite_store.ts";
import type { NodePlan } from "../../src/config/plan.ts";
import type { RunningNode } from "../../src/run.ts";
import { runNode } from "../../src/run.ts";
import type { Runtime } from "../../src/run/types.ts";
import { World, digest } from "../link/harness.ts";
import { recordingLog } from "../mesh/harness.ts";
import { faultsOf, planOf } from "./parsed.ts";

const KEY = "ab".repeat(32);
const OTHER = "cd".repeat(32);
const TOKEN = "0123456789abcdef0123456789abcdef";

type Files = Readonly<Record<string, string>>;

/** A shard's gateway and its center; `cluster` are the lines of `[cluster]` behind its name. */
function file(cluster: string, rest = ""): string {
  return `[cluster]
name = "test"
${cluster}
[[node]]
role = "cross_gateway"
id = 1
listen = "127.0.0.1:7000"
[[node]]
role = "gateway"
id = 3
listen = "127.0.0.1:7001"
[[node]]
role = "center"
id = 3
${rest}`;
}

class Machine {
  readonly world = new World();
  readonly running: RunningNode[] = [];
  readonly lines = recordingLog();
  http: HttpHandler | undefined;

  runtime(files: Files, environment: Files = {}): Runtime {
    const { clock, net } = this.world;
    return {
      release: "test",
      clock,
      random: seededRandom(this.running.length + 1),
      digest,
      transport: net,
      files: {
        readText: (path) => {
          const text = files[path];
          return text === undefined ? { kind: "absent" } : { kind: "ok", text, isPrivate: !path.startsWith("shared/") };
        },
        createSecret: () => ({ kind: "ok" }),
        ensureFolder: () => ({ kind: "ok" }),
      },
      acquireLock: () => ({ kind: "held", lock: { release: () => undefined } }),
      openStore: () => openSqliteStore({ path: ":memory:", clock }),
      serveHttp: (address, handler) => {
        this.http = handler;
        return { address, stop: async () => undefined };
      },
      loadModule: async (path) => ({ kind: "failed", reason: path }),
      environment: (name) => environment[name],
      logFor: () => this.lines.log,
    };
  }

  async start(plan: NodePlan, runtime: Runtime): Promise<RunningNode> {
    const started = await runNode(plan, runtime);
    if (started.kind === "failed") throw new Error(started.lines.join("\n"));
    this.running.push(started.running);
    return started.running;
  }

  /** Whether center:3, started from one file, gets a link to gateway:3, started from another. */
  async link(
    gateway: { readonly text: string; readonly files: Files; readonly environment?: Files },
    center: { readonly text: string; readonly files: Files; readonly environment?: Files },
  ): Promise<boolean> {
    const above = await this.start(planOf(gateway.text, "gateway:3"), this.runtime(gateway.files, gateway.environment));
    await this.start(planOf(center.text, "center:3"), this.runtime(center.files, center.environment));
    const isUp = (): boolean => this.lines.lines.some((line) => line.phrase === "link up");
    const isRefused = (): boolean => above.node.counters.get("link.refused:bad_proof") > 0;
    this.world.clock.runUntil(() => isUp() || isRefused());
    return isUp();
  }
}

const machines: Machine[] = [];

function machine(): Machine {
  const made = new Machine();
  machines.push(made);
  return made;
}

describe("Security keys of the cluster file", () => {
  afterEach(() => {
    for (const { running } of machines.splice(0)) for (const { node } of running.toReversed()) node.close();
  });

  test("key_file: nodes with the same key link, nodes with different ones do not", async () => {
    const text = file('key_file = "k"');
    expect(await machine().link({ text, files: { k: KEY } }, { text, files: { k: KEY } })).toBe(true);
    expect(await machine().link({ text, files: { k: KEY } }, { text, files: { k: OTHER } })).toBe(false);
    const elsewhere = file('key_file = "l"');
    const files = { k: KEY, l: OTHER };
    expect(await machine().link({ text, files }, { text: elsewhere, files })).toBe(false);
  });

  test("key_env: the same from the environment", async () => {
    const text = file('key_env = "K"');
    const of = (key: string) => ({ text, files: {}, environment: { K: key } });
    expect(await machine().link(of(KEY), of(KEY))).toBe(true);
    expect(await machine().link(of(KEY), of(OTHER))).toBe(false);
  });

  test("second_key_file and second_key_env: a key that is accepted, but does not sign", async () => {
    const files = { k: KEY, l: OTHER };
    const environment = { L: OTHER };
    const both = file('key_file = "k"\nsecond_key_file = "l"');
    const fromEnvironment = file('key_file = "k"\nsecond_key_env = "L"');
    const first = file('key_file = "k"');
    const other = file('key_file = "l"');
    for (const text of [both, fromEnvironment]) {
      const gateway = { text, files, environment };
      expect(await machine().link(gateway, { text: other, files })).toBe(true);
      expect(await machine().link({ text: first, files }, { text: other, files })).toBe(false);
      // As the one who dials it signs with the first.
      expect(await machine().link({ text: other, files }, { text, files, environment })).toBe(false);
    }
  });

  test("key_file: without any key no node starts, wherever it listens, and none when the file has none", async () => {
    for (const listen of ["127.0.0.1", "0.0.0.0", "10.0.0.7", "[::]"]) {
      const node = `listen = "${listen}:7001"\naddress = "10.0.0.7:7001"`;
      const text = file("").replace('listen = "127.0.0.1:7001"', node);
      expect([listen, faultsOf(text)]).toEqual([
        listen,
        ["cluster.key_file: found nothing; allowed: the path of the cluster key, or key_env"],
      ]);
      const plan = planOf(text.replace('name = "test"', 'name = "test"\nkey_file = "k"'), "gateway:3");
      for (const files of [{}, { k: "" }, { k: "00" }, { k: "password" }]) {
        const started = await runNode(plan, machine().runtime(files));
        expect([listen, started.kind, started.kind === "failed" && started.code]).toEqual([listen, "failed", 2]);
      }
    }
  });

  test("admin_token_file: its tokens open the admin API, and nothing else does", async () => {
    const on = machine();
    const text = file('key_file = "k"\nadmin_token_file = "t"', 'admin = "127.0.0.1:8900"\n');
    await on.start(
      planOf(text, "center:3"),
      on.runtime({ k: KEY, t: `ann read ${TOKEN}\n`, u: `eve read ${TOKEN}x\n` }),
    );
    const ask = async (headers: Readonly<Record<string, string>>): Promise<number | undefined> => {
      const request = new Request("http://127.0.0.1:8900/api/nodes", { headers });
      return (await on.http?.(request, "127.0.0.1:50000"))?.status;
    };
    expect(await ask({ authorization: `Bearer ${TOKEN}` })).toBe(200);
    for (const headers of [{}, { authorization: `Bearer ${TOKEN}x` }, { authorization: `Bearer ${KEY}` }]) {
      expect(await ask(headers)).toBe(401);
    }
    // Who may read may not change anything.
    const change = new Request("http://127.0.0.1:8900/api/activities", {
      method: "POST",
      headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
      body: JSON.stringify({ id: "a", kind: "plain" }),
    });
    expect((await on.http?.(change, "127.0.0.1:50000"))?.status).toBe(403);
    for (const files of [{ k: KEY }, { k: KEY, t: "" }]) {
      const started = await runNode(planOf(text, "center:3"), machine().runtime(files));
      expect(started.kind === "failed" && started.code).toBe(2);
    }
  });

  describe("[tls]", () => {
    const text = file(
      'key_file = "k"',
      '[tls]\ncert_file = "{role}-{id}.crt"\nkey_file = "{role}-{id}.key"\nca_file = "ca"\n',
    );
    const files: Files = { k: KEY, "center-3.crt": "a certificate", "center-3.key": "its key", ca: "the CA" };

    test("cert_file, key_file and ca_file make the transport, of the name of the node, and the plain one is not used", async () => {
      const on = machine();
      const secure = new World().net;
      const asked: (readonly [TlsTexts, string])[] = [];
      await on.start(planOf(text, "center:3"), {
        ...on.runtime(files),
        secureTransport: (texts, name) => {
          asked.push([texts, name]);
          return { kind: "ok", transport: secure, validToMs: on.world.clock.wallMs() + 365 * 86_400_000 };
        },
      });
      expect(asked).toEqual([[{ certificate: "a certificate", key: "its key", authority: "the CA" }, "center-3.test"]]);
      expect([secure.dialCount, on.world.net.dialCount]).toEqual([1, 0]);
      expect(on.lines.lines.filter((line) => line.level !== "info")).toEqual([]);
    });

    for (const key of ["cert_file", "key_file", "ca_file"] as const) {
      const path = { cert_file: "center-3.crt", key_file: "center-3.key", ca_file: "ca" }[key];
      test(`${key}: a node whose file is missing does not start without it`, async () => {
        const runtime: Runtime = {
          ...machine().runtime(Object.fromEntries(Object.entries(files).filter(([name]) => name !== path))),
          secureTransport: () => {
            throw new Error("nothing to make it of");
          },
        };
        expect(await runNode(planOf(text, "center:3"), runtime)).toEqual({
          kind: "failed",
          code: 2,
          lines: [`Cannot read tls.${key} ${path}: there is no such file`],
        });
      });

      test(`${key}: a node whose file is no good does not start, and says which`, async () => {
        const runtime: Runtime = {
          ...machine().runtime(files),
          secureTransport: () => ({ kind: "problem", problem: { key, found: "rubbish", allowed: "what is good" } }),
        };
        expect(await runNode(planOf(text, "center:3"), runtime)).toEqual({
          kind: "failed",
          code: 2,
          lines: [`${path}: tls.${key}: found rubbish; allowed: what is good`],
        });
      });
    }

    test("is never left out: a runtime that has no TLS does not start the node", async () => {
      expect(await runNode(planOf(text, "center:3"), machine().runtime(files))).toEqual({
        kind: "failed",
        code: 2,
        lines: ["Cannot use [tls]: this runtime has no TLS between nodes"],
      });
    });

    test("key_file: is a secret that others should not be able to read; certificates are none", async () => {
      const on = machine();
      const shared = Object.fromEntries(Object.entries(files).map(([name, each]) => [`shared/${name}`, each]));
      const paths = text.replaceAll('"{role}', '"shared/{role}').replace('"ca"', '"shared/ca"');
      const { net, clock } = on.world;
      await on.start(planOf(paths, "center:3"), {
        ...on.runtime({ ...shared, k: KEY }),
        secureTransport: () => ({ kind: "ok", transport: net, validToMs: clock.wallMs() + 365 * 86_400_000 }),
      });
      const warned = on.lines.lines.filter((line) => line.phrase === "secret file can be read by others");
      expect(warned.map((line) => line.data?.["path"])).toEqual(["shared/center-3.key"]);
    });

    test("cert_file: says in time that the certificate ends", async () => {
      const days: readonly (readonly [number, string | undefined])[] = [
        [-1, "error certificate has expired"],
        [29, "warn certificate ends soon"],
        [31, undefined],
      ];
      for (const [left, wanted] of days) {
        const on = machine();
        const { net, clock } = on.world;
        await on.start(planOf(text, "center:3"), {
          ...on.runtime(files),
          secureTransport: () => ({ kind: "ok", transport: net, validToMs: clock.wallMs() + left * 86_400_000 }),
        });
        const said = on.lines.lines.filter((line) => line.phrase.startsWith("certificate "));
        expect([left, said.map((line) => `${line.level} ${line.phrase}`)]).toEqual([
          left,
          wanted === undefined ? [] : [wanted],
        ]);
      }
    });
  });
});

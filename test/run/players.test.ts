import { describe, expect, test } from "#test";
import type { ReadResult } from "#base/files.ts";
import { joseVerifier } from "#session/jose_tokens.ts";
import { bunListenPlayers } from "#runtime/bun_players.ts";
import { nodeId } from "#wire/role.ts";
import type { NodePlan } from "../../src/config/plan.ts";
import { runNode } from "../../src/run.ts";
import { readTokenKeys } from "../../src/run/players.ts";
import { developmentToken } from "../../src/run/token_command.ts";
import type { Runtime, StartFailure } from "../../src/run/types.ts";
import { configOf, WHOLE } from "../config/parsed.ts";
import { FakeClock } from "../link/fake_clock.ts";
import { recordingLog } from "../mesh/harness.ts";
import { PLAN, setup } from "./run_ground.ts";

const SECRET = "ab".repeat(32);
const KEY = { kid: "a", algorithm: "HS256", file: "p.key" } as const;

function files(texts: Record<string, string>): Runtime["files"] {
  return {
    readText: (path): ReadResult => {
      const text = texts[path];
      return text === undefined ? { kind: "absent" } : { kind: "ok", text, isPrivate: true };
    },
    createSecret: () => ({ kind: "ok" }),
    ensureFolder: () => ({ kind: "ok" }),
  };
}

function reader(texts: Record<string, string>): Parameters<typeof readTokenKeys>[1] {
  return { runtime: { files: files(texts), environment: () => undefined }, log: recordingLog().log };
}

function plan(webSocketPort: number): NodePlan {
  const address = { host: "127.0.0.1", port: webSocketPort };
  return {
    ...PLAN,
    self: { id: nodeId("gateway", 3), role: "gateway", number: 3, shard: 3 },
    listen: { host: "127.0.0.1", port: 7002 },
    players: {
      webSocket: address,
      tcp: { host: "127.0.0.1", port: 7003 },
      tls: undefined,
      config: {
        tokenKeys: [KEY],
        tls: undefined,
        sessionsMax: 5,
        development: true,
        maintenance: false,
        whiteList: [],
      },
    },
  };
}

describe("readTokenKeys", () => {
  test("reads a secret in hexadecimal and a public key as it is", () => {
    const configs = [KEY, { kid: "b", algorithm: "EdDSA", file: "b.pem" }] as const;
    expect(readTokenKeys(configs, reader({ "p.key": `${SECRET}\n`, "b.pem": "PEM" }))).toEqual({
      kind: "ok",
      keys: [
        { kid: "a", algorithm: "HS256", secret: new Uint8Array(32).fill(0xab) },
        { kid: "b", algorithm: "EdDSA", pem: "PEM" },
      ],
    });
  });

  test("names the file that is missing or holds something else, never what it holds", () => {
    const configs = [KEY, { ...KEY, kid: "b", file: "q.key" }];
    expect(readTokenKeys(configs, reader({ "q.key": "hunter2" }))).toEqual({
      kind: "failed",
      code: 2,
      lines: [
        "Cannot read token key a from p.key: there is no such file; with development = true --role all makes a file for HS256 (else: openssl rand -hex 32)",
        "q.key: found 7 characters that are no such key; allowed: 64 to 128 hexadecimal digits (openssl rand -hex 32)",
      ],
    });
  });
});

describe("developmentToken", () => {
  const clock = new FakeClock();
  const table = (development: boolean): string =>
    `${WHOLE}[players]\ntoken_keys = [{ kid = "a", algorithm = "HS256", file = "p.key" }]\ndevelopment = ${development}\n`;

  test("signs for the cluster with its first secret", async () => {
    const options = { player: "ann", clock, reader: reader({ "p.key": SECRET }) };
    const made = await developmentToken(configOf(table(true)), options);
    const keys = readTokenKeys([KEY], options.reader);
    if (made.kind !== "ok" || keys.kind !== "ok") throw new Error(JSON.stringify([made, keys]));
    const verifier = await joseVerifier({ keys: keys.keys, audience: "test", clock });
    expect(await verifier.verify(made.token)).toEqual({ kind: "ok", player: "ann" });
  });

  test("refuses where the file does not say that this is development", async () => {
    const options = { player: "ann", clock, reader: reader({ "p.key": SECRET }) };
    const failed = (found: string): StartFailure => ({
      kind: "failed",
      code: 2,
      lines: [`cluster.toml: players: found ${found}; allowed: development = true, for kuafu token to sign`],
    });
    expect(await developmentToken(configOf(table(false)), options)).toEqual(failed("development = false"));
    expect(await developmentToken(configOf(WHOLE), options)).toEqual(failed("nothing"));
  });
});

describe("runNode: players", () => {
  test("opens the door of a gateway and closes it when it stops", async () => {
    const { runtime } = setup({});
    const texts = files({ "p.key": SECRET });
    const started = await runNode(plan(0), { ...runtime, files: texts, listenPlayers: bunListenPlayers });
    if (started.kind !== "ok") throw new Error(started.lines.join());
    await started.running.stop("test");
    const again = await runNode(plan(0), { ...runtime, files: texts, listenPlayers: bunListenPlayers });
    expect(again.kind).toEqual("ok");
    if (again.kind === "ok") await again.running.stop("test");
  });

  test("opens none without what tls names, and says which file is missing or that there is no TLS", async () => {
    const { runtime, notes } = setup({});
    const open = plan(0).players;
    if (open === undefined) throw new Error("no players");
    const tls = { certFile: "s3.crt", keyFile: "s3.key" };
    const secured = { ...plan(0), players: { ...open, tls } };
    const texts = files({ "p.key": SECRET, "s3.crt": "C" });
    const opened: string[] = [];
    const without = { ...runtime, files: texts, listenPlayers: () => never(opened) };
    const never = (to: string[]): never => {
      to.push("plain");
      throw new Error("never in the clear");
    };
    const failed = (line: string): StartFailure => ({ kind: "failed", code: 2, lines: [line] });
    expect(await runNode(secured, without)).toEqual(
      failed("Cannot use players.tls: this runtime has no TLS for players"),
    );
    const securePlayers: NonNullable<Runtime["securePlayers"]> = () => ({
      kind: "problem",
      problem: { key: "cert_file", found: "rubbish", allowed: "what is good" },
    });
    expect(await runNode(secured, { ...without, securePlayers })).toEqual(
      failed("Cannot read players.tls.key_file s3.key: there is no such file"),
    );
    const whole = files({ "p.key": SECRET, "s3.crt": "C", "s3.key": "K" });
    expect(await runNode(secured, { ...without, files: whole, securePlayers })).toEqual(
      failed("s3.crt: players.tls.cert_file: found rubbish; allowed: what is good"),
    );
    expect([opened, notes.filter((note) => note === "released").length]).toEqual([[], 3]);
  });

  test("says how it is spoken to, takes nobody by the plain ways with tls, and stops looking at its files", async () => {
    const { runtime, world } = setup({});
    const open = plan(0).players;
    if (open === undefined) throw new Error("no players");
    const bound: string[] = [];
    const listener = (name: string, port: number) => {
      bound.push(name);
      return { address: { host: "127.0.0.1", port }, close: () => void bound.push(`${name} closed`) };
    };
    const said = recordingLog();
    const texts = files({ "p.key": SECRET, "s3.crt": "C", "s3.key": "K" });
    const reads: string[] = [];
    const given: Runtime = {
      ...runtime,
      logFor: () => said.log,
      files: {
        ...texts,
        readText: (path) => {
          reads.push(path);
          return texts.readText(path);
        },
      },
      listenPlayers: () => listener("plain", 1),
      securePlayers: ({ certificate, key }) => ({
        kind: "ok",
        validToMs: world.clock.wallMs() + 90 * 86_400_000,
        ways: {
          webSocket: () => listener(`wss ${certificate} ${key}`, 9001),
          tcp: { listen: () => listener(`tls ${certificate} ${key}`, 9002) },
        },
      }),
    };
    const tls = { certFile: "s3.crt", keyFile: "s3.key" };
    const started = await runNode({ ...plan(0), players: { ...open, tls } }, given);
    if (started.kind !== "ok") throw new Error(started.lines.join());
    expect(said.lines.find(({ phrase }) => phrase === "node started")?.data).toMatchObject({
      players: "wss://127.0.0.1:9001",
      playersTcp: "tls://127.0.0.1:9002",
    });
    reads.length = 0;
    world.clock.run(61_000);
    expect(reads).toEqual(["s3.crt", "s3.key"]);
    await started.running.stop("test");
    world.clock.run(600_000);
    expect(bound).toEqual(["wss C K", "tls C K", "wss C K closed", "tls C K closed"]);
    expect(reads).toEqual(["s3.crt", "s3.key"]);
  });

  test("does not start without its key, and lets go of everything", async () => {
    const { runtime, notes } = setup({});
    const started = await runNode(plan(0), { ...runtime, listenPlayers: bunListenPlayers });
    expect([started.kind === "failed" && started.code, notes]).toEqual([2, ["locked", "released"]]);
  });
});

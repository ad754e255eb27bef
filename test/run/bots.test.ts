import { describe, expect, test } from "#test";
import type { ReadResult } from "#base/files.ts";
import { seededRandom } from "#base/random.ts";
import type { BotDial } from "#bots/bot_network.ts";
import { joseVerifier } from "#session/jose_tokens.ts";
import type { BotOptions } from "../../src/config/bot_flags.ts";
import type { ClusterConfig } from "../../src/config/types.ts";
import { prepareBots, urlsOf } from "../../src/run/bot_ready.ts";
import type { BotRuntime } from "../../src/run/bots.ts";
import { runBots } from "../../src/run/bots.ts";
import { configOf, HEAD } from "../config/parsed.ts";
import { FakeClock } from "../link/fake_clock.ts";
import { recordingLog } from "../mesh/harness.ts";
import { settle } from "../session/door_ground.ts";

const SECRET = "ab".repeat(32);
const OPTIONS: BotOptions = {
  players: 2,
  config: "cluster.toml",
  shard: undefined,
  url: undefined,
  seconds: 3,
  requestsPerSecond: 1,
  loginsPerSecond: 100,
  seed: 7,
  tokenFiles: [],
  name: "bot",
  modules: [],
  asks: [],
  isJson: false,
};

function gateway(number: number, more: string): string {
  return `[[node]]\nrole = "gateway"\nid = ${number}\nlisten = "127.0.0.1:70${number}1"\n${more}\n`;
}

function cluster(nodes: string, development = true): ClusterConfig {
  const players = `[players]\ntoken_keys = [{ kid = "a", algorithm = "HS256", file = "p.key" }]\ndevelopment = ${development}\n`;
  const cross = '[[node]]\nrole = "cross_gateway"\nid = 1\nlisten = "127.0.0.1:7001"\n';
  return configOf(`${HEAD}${players}${cross}${nodes}`);
}

const TWO = gateway(1, 'players = "127.0.0.1:7012"') + gateway(2, 'players = "127.0.0.1:7022"');

interface Ground extends BotRuntime {
  readonly clock: FakeClock;
  readonly dialled: { count: number };
  readonly printed: string[];
  readonly written: string[];
}

function ground(texts: Readonly<Record<string, string>> = {}, isTerminal = false): Ground {
  const clock = new FakeClock();
  const printed: string[] = [];
  const written: string[] = [];
  const readText = (path: string): ReadResult => {
    const text = texts[path];
    return text === undefined ? { kind: "absent" } : { kind: "ok", text, isPrivate: true };
  };
  const dialled = { count: 0 };
  const dial: BotDial = (_, events) => {
    dialled.count += 1;
    clock.after(1, () => {
      events.closed();
      events.gone();
    });
    return { send: () => {}, close: () => {}, cut: () => {} };
  };
  return {
    clock,
    dialled,
    printed,
    written,
    random: seededRandom(1),
    dial,
    connsMax: 1_000,
    reader: {
      runtime: {
        files: { readText, createSecret: () => ({ kind: "ok" }), ensureFolder: () => ({ kind: "ok" }) },
        environment: () => undefined,
      },
      log: recordingLog().log,
    },
    loadRequests: async (path) =>
      path === "boss.ts"
        ? { kind: "ok", requests: [{ name: "boss.strike", method: 2000, weight: 1, body: () => ({}) }] }
        : { kind: "failed", reason: `${path}: it has no bots` },
    print: (text) => printed.push(text),
    live: { isTerminal, write: (text) => written.push(text) },
    stopped: new Promise(() => {}),
  };
}

describe("urlsOf()", () => {
  test("names every gateway that takes players by WebSocket, or that of one shard", () => {
    const config = cluster(`${TWO}${gateway(3, "")}`);
    expect(urlsOf(config, undefined)).toEqual({ kind: "ok", urls: ["ws://127.0.0.1:7012", "ws://127.0.0.1:7022"] });
    expect(urlsOf(config, 2)).toEqual({ kind: "ok", urls: ["ws://127.0.0.1:7022"] });
    expect(urlsOf(config, 3)).toEqual({
      kind: "failed",
      code: 2,
      lines: ["kuafu: --shard: found 3; allowed: a shard whose gateway has players: 1 or 2"],
    });
    expect(urlsOf(cluster(gateway(3, "")), undefined)).toEqual({
      kind: "failed",
      code: 2,
      lines: ["cluster.toml: node: found no gateway with players; allowed: one, for bots to log in at; or --url"],
    });
  });

  test("dials a gateway that listens on every interface by the address that others dial", () => {
    const open = 'players = "0.0.0.0:7012"\naddress = "gate.internal:7011"';
    expect(urlsOf(cluster(gateway(1, open)), undefined)).toEqual({ kind: "ok", urls: ["ws://gate.internal:7012"] });
  });

  test("dials with TLS where players come in with TLS alone", () => {
    const table = '[players]\ntoken_keys = [{ kid = "a", algorithm = "EdDSA", file = "p.pem" }]\n';
    const cross = '[[node]]\nrole = "cross_gateway"\nid = 1\nlisten = "127.0.0.1:7001"\n';
    const config = configOf(`${HEAD}${table}tls = { cert_file = "c", key_file = "k" }\n${cross}${TWO}`);
    expect(urlsOf(config, 1)).toEqual({ kind: "ok", urls: ["wss://127.0.0.1:7012"] });
  });
});

describe("prepareBots()", () => {
  test("signs tokens for names of its own where the cluster is for development", async () => {
    const given = ground({ "p.key": SECRET });
    const ready = await prepareBots({ ...OPTIONS, name: "load" }, cluster(TWO), given);
    if (ready.kind === "failed") throw new Error(ready.lines.join());
    const keys = [{ kid: "a", algorithm: "HS256", secret: new Uint8Array(32).fill(0xab) }] as const;
    const verifier = await joseVerifier({ keys, audience: "test", clock: given.clock });
    expect(await verifier.verify(await ready.tokenOf(1))).toEqual({ kind: "ok", player: "load-2" });
    expect(ready.requests.map(({ name }) => name)).toEqual([
      "player_bag.look",
      "player_bag.mails",
      "player_bag.discard",
    ]);
  });

  test("refuses to sign elsewhere, and takes the tokens of files then", async () => {
    const refused = await prepareBots(OPTIONS, cluster(TWO, false), ground({ "p.key": SECRET }));
    const allowed = "development = true, for bots to sign their own tokens; or --tokens FILE";
    expect(refused).toEqual({
      kind: "failed",
      code: 2,
      lines: [`cluster.toml: players: found development = false; allowed: ${allowed}`],
    });
    const given = ground({ "t.txt": "one\n\n two \n", "u.txt": "three" });
    const free = { ...OPTIONS, players: 3, url: "ws://a", tokenFiles: ["t.txt", "u.txt"] };
    const taken = await prepareBots(free, undefined, given);
    if (taken.kind === "failed") throw new Error(taken.lines.join());
    expect([taken.urls, taken.tokenOf(0), taken.tokenOf(1), taken.tokenOf(2)]).toEqual([
      ["ws://a"],
      "one",
      "two",
      "three",
    ]);
  });

  test("says what is missing: tokens, files, descriptors, a module's list", async () => {
    const linesOf = async (options: Partial<BotOptions>): Promise<unknown> => {
      const texts = { "p.key": SECRET, "t.txt": "one\n", "long.txt": `one\n${"x".repeat(3_073)}\n` };
      const made = await prepareBots({ ...OPTIONS, ...options }, cluster(TWO), ground(texts));
      return made.kind === "failed" ? [made.code, ...made.lines] : made.requests.map(({ name }) => name);
    };
    expect(await linesOf({ tokenFiles: ["t.txt"] })).toEqual([
      2,
      "t.txt: found tokens for 1 bots; allowed: one for each of 2",
    ]);
    expect(await linesOf({ tokenFiles: ["no.txt"] })).toEqual([
      2,
      "Cannot read tokens from no.txt: there is no such file",
    ]);
    expect(await linesOf({ tokenFiles: ["long.txt"] })).toEqual([
      2,
      "long.txt: line 2: found 3073 characters; allowed: a token of 1 to 3072 characters",
    ]);
    expect(await linesOf({ players: 1_001 })).toEqual([
      2,
      "kuafu: --players: found 1001; allowed: at most 1000 with this limit of open files (ulimit -n)",
    ]);
    expect(await linesOf({ modules: ["boss.ts"] })).toEqual(["boss.strike"]);
    expect(await linesOf({ modules: ["boss.ts", "x.ts"] })).toEqual([2, "x.ts: it has no bots"]);
  });
});

/** Turns of the event loop. */
const SIGNED_TURNS_MAX = 100_000;

describe("runBots()", () => {
  async function run(options: Partial<BotOptions>, given: Ground): Promise<number> {
    let code: number | undefined;
    void runBots({ ...OPTIONS, ...options }, cluster(TWO), given).then((ended) => {
      code = ended;
    });
    for (let step = 0; step < 400 && code === undefined; step += 1) {
      // The first token is signed by the system, which no fake clock waits for: time stands still until it is there.
      for (let turn = 0; turn < SIGNED_TURNS_MAX && step === 1 && given.dialled.count === 0; turn += 1) {
        await new Promise((resolve) => setImmediate(resolve));
      }
      await new Promise((resolve) => setImmediate(resolve));
      given.clock.run(50);
      await settle();
    }
    return code ?? -1;
  }

  test("ends with 1 and the reason when nobody could log in", async () => {
    const given = ground({ "p.key": SECRET });
    expect(await run({ seconds: 6 }, given)).toBe(1);
    expect(given.written).toEqual([
      "kuafu bots: 2 at ws://127.0.0.1:7012, ws://127.0.0.1:7022, seed 7\n",
      "kuafu bots: first lost: the connection ended while opening\n",
      "5 s  online 0  queued 0  resuming 0  logins/s 0  requests/s 0  p50 -  p99 -  errors/s 0\n",
      "6 s  online 0  queued 0  resuming 0  logins/s 0  requests/s 0  p50 -  p99 -  errors/s 0\n",
      "Cannot log in with any of 2 bots: lost: the connection ended while opening\n",
    ]);
    expect(given.printed.length).toBe(1);
    expect(given.printed[0]).toStartWith("2 bots, ");
  });

  test("writes its line anew each second at a terminal, and its summary as one line of JSON if asked to", async () => {
    const given = ground({ "p.key": SECRET }, true);
    expect(await run({ seconds: 2.5, isJson: true }, given)).toBe(1);
    const live = given.written.filter((text) => text.includes("online 0"));
    expect(live.map((text) => [text.slice(0, 4), text.endsWith("\u001b[K")])).toEqual([
      ["\r1 s", true],
      ["\r2 s", true],
      ["\r3 s", true],
    ]);
    expect(JSON.parse(given.printed[0] ?? "")).toMatchObject({ bots: 2, seed: 7, logins: 0, errors: {} });
  });

  test("ends with 2 before anything is tried when something is missing", async () => {
    const given = ground();
    expect(await run({ shard: 9 }, given)).toBe(2);
    expect(given.written).toEqual(["kuafu: --shard: found 9; allowed: a shard whose gateway has players: 1 or 2\n"]);
    expect(given.printed).toEqual([]);
  });
});

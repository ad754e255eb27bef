import { describe, expect, test } from "#test";
import { parseCommand } from "../../src/cli.ts";
import { faultText } from "../../src/config/fault.ts";
import { splitArgv } from "../../src/runtime/argv.ts";

function commandOf(line: string): unknown {
  const result = parseCommand(splitArgv(`--role bot ${line}`.split(" ").filter((word) => word !== "")));
  return result.kind === "ok" ? result.command : result.faults.map((fault) => faultText(fault).replace("kuafu: ", ""));
}

const DEFAULTS = {
  players: 1000,
  config: "c.toml",
  shard: undefined,
  url: undefined,
  seconds: undefined,
  requestsPerSecond: 1,
  loginsPerSecond: 200,
  seed: undefined,
  tokenFiles: [],
  name: "bot",
  modules: [],
  asks: [],
  isJson: false,
};

describe("parseBotFlags()", () => {
  test("needs how many and the cluster file, and knows the rest", () => {
    expect(commandOf("--players 1000 --config c.toml")).toEqual({ kind: "bot", options: DEFAULTS });
  });

  test("takes every flag", () => {
    const where = "--players 5 --config c.toml --shard 3 --seconds 2.5 --rate 0.2 --ramp 20 --seed 0";
    const what = '--ask 2000:{"a":"$key"} --ask 2001:null --player load --log json';
    const ask = (method: number): unknown => ({ name: `${method}`, method, weight: 1, body: expect.any(Function) });
    expect(commandOf(`${where} ${what}`)).toEqual({
      kind: "bot",
      options: {
        ...DEFAULTS,
        players: 5,
        shard: 3,
        seconds: 2.5,
        requestsPerSecond: 0.2,
        loginsPerSecond: 20,
        seed: 0,
        name: "load",
        asks: [ask(2000), ask(2001)],
        isJson: true,
      },
    });
  });

  test("needs no cluster file when it is told where to go and has tokens", () => {
    expect(commandOf("--players 5 --url wss://play.example/s1 --tokens t.txt --tokens u.txt --module boss.ts")).toEqual(
      {
        kind: "bot",
        options: {
          ...DEFAULTS,
          players: 5,
          config: undefined,
          url: "wss://play.example/s1",
          tokenFiles: ["t.txt", "u.txt"],
          modules: ["boss.ts"],
        },
      },
    );
    const missing = "--config: found nothing; allowed: the cluster file; none is needed with both --url and --tokens";
    expect(commandOf("--players 5 --url ws://a")).toEqual([missing]);
    expect(commandOf("--players 5 --tokens t.txt")).toEqual([missing]);
  });

  test("refuses values that mean nothing, all of them", () => {
    const bad = "--players 0 --shard x --url http://a --seconds 0 --rate 41 --ramp 1501 --seed -1 --ask 7:{} --log xml";
    expect(commandOf(`--config c ${bad}`)).toEqual([
      '--players: found "0"; allowed: a whole number from 1 to 50000, how many bots',
      '--shard: found "x"; allowed: a whole number from 1 to 4294967280, the shard whose gateway they log in at',
      '--url: found "http://a"; allowed: a URL of ws: or wss:, like ws://127.0.0.1:7012',
      '--seconds: found "0"; allowed: a number above 0, up to 604800, how long',
      '--rate: found "41"; allowed: a number above 0, up to 40, requests a second of one bot',
      '--ramp: found "1501"; allowed: a number above 0, up to 1500, logins a second of all bots',
      '--seed: found "-1"; allowed: a whole number from 0 to 4294967295',
      '--ask: found "7:{}"; allowed: ID:JSON with an id from 1024 to 65535, like 2000:{"item":"apple"}',
      '--log: found "xml"; allowed: json or pretty',
      "--shard: found it with --url; allowed: one of the two",
    ]);
    expect(commandOf("")).toEqual([
      "--players: found nothing; allowed: a whole number from 1 to 50000, how many bots",
      "--config: found nothing; allowed: the cluster file; none is needed with both --url and --tokens",
    ]);
    const long = "n".repeat(123);
    expect(commandOf(`--players 1 --config c --player ${long}`)).toEqual([
      `--player: found "${"n".repeat(79)}…; allowed: 1 to 122 characters that the bots' names begin with`,
    ]);
  });

  test("refuses flags that do not go together, and those of other roles", () => {
    expect(commandOf("--players 5 --config c --tokens t --player load --ask 2000:1 --module m.ts")).toEqual([
      "--ask: found it with --module; allowed: one of the two",
      "--player: found it with --tokens; allowed: one of the two: the names are those of the tokens",
    ]);
    const allowed =
      "--role, --config, --module, --log, --player, --players, --shard, --url, --seconds, --rate, --ramp, --seed, " +
      "--tokens or --ask";
    expect(commandOf("--players 5 --config c --id 3 --watch --data d")).toEqual([
      `--id: found it with --role bot; allowed: ${allowed}`,
      `--watch: found it with --role bot; allowed: ${allowed}`,
      `--data: found it with --role bot; allowed: ${allowed}`,
    ]);
  });
});

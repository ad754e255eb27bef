import { describe, expect, test } from "#test";
import { parseCommand } from "../../src/cli.ts";
import { faultText } from "../../src/config/fault.ts";
import { splitArgv } from "../../src/runtime/argv.ts";

function commandOf(line: string): unknown {
  const result = parseCommand(splitArgv(line.split(" ").filter((word) => word !== "")));
  return result.kind === "ok" ? result.command : result.faults.map((fault) => faultText(fault).replace("kuafu: ", ""));
}

const OPTIONS = { config: "c.toml", modules: [], dataDir: undefined, log: undefined };
const FLAGS =
  "--role, --id, --config, --module, --data, --log, --player, --players, --shard, --url, --seconds, --rate, --ramp, " +
  "--seed, --tokens, --ask, --watch, --help or --version";
const ROLES = "gateway, user, center, map, cross_gateway, cross_center, cross_map, statistic, all, shard or bot";

describe("parseCommand", () => {
  test("runs one node, with --flag value and --flag=value alike", () => {
    const expected = { kind: "node", role: "center", number: 3, options: OPTIONS };
    expect(commandOf("--role center --id 3 --config c.toml")).toEqual(expected);
    expect(commandOf("--config=c.toml --id=3 --role=center")).toEqual(expected);
  });

  test("takes several modules, a data folder and a log format", () => {
    expect(commandOf("--role map --id 301 --config c.toml --module a.ts --module b.ts --data d --log json")).toEqual({
      kind: "node",
      role: "map",
      number: 301,
      options: { config: "c.toml", modules: ["a.ts", "b.ts"], dataDir: "d", log: "json" },
    });
  });

  test("runs all nodes, one shard, a check, help and version", () => {
    expect(commandOf("--role all --watch --config c.toml")).toEqual({ kind: "all", watch: true, options: OPTIONS });
    expect(commandOf("--role shard --id 2 --config c.toml")).toEqual({ kind: "shard", number: 2, options: OPTIONS });
    expect(commandOf("check-config --config c.toml")).toEqual({ kind: "check_config", config: "c.toml" });
    const token = { kind: "token", player: "ann", config: "c.toml" } as const;
    expect(commandOf("token --player ann --config c.toml")).toEqual(token);
    for (const line of ["--help", "-h", "help", "--help --role center"])
      expect(commandOf(line)).toEqual({ kind: "help" });
    expect(commandOf("--version")).toEqual({ kind: "version" });
  });

  test("refuses unknown flags, all of them, and says which there are", () => {
    expect(commandOf("--rol center --idd=3 -x")).toEqual([
      `--rol: found an unknown flag; allowed: ${FLAGS}`,
      `--idd: found an unknown flag; allowed: ${FLAGS}`,
      `-x: found an unknown flag; allowed: ${FLAGS}`,
    ]);
    expect(commandOf("--no-watch --role all --config c.toml")).toEqual([
      `--no-watch: found an unknown flag; allowed: ${FLAGS}`,
    ]);
  });

  test("refuses flags without a value, with one too many, and twice", () => {
    expect(commandOf("--role --id 3 --config c.toml")).toEqual(['--role: found "--id"; allowed: NAME']);
    expect(commandOf("--role center --id 3 --config")).toEqual(["--config: found nothing; allowed: FILE"]);
    expect(commandOf("--role all --watch=yes --config c.toml")).toEqual(['--watch: found "yes"; allowed: no value']);
    expect(commandOf("--role all --config c.toml --config d.toml")).toEqual([
      "--config: found it a second time; allowed: once",
    ]);
  });

  test("refuses a role, an id, a format or words that mean nothing", () => {
    expect(commandOf("")).toEqual([`--role: found nothing; allowed: ${ROLES} (see kuafu --help)`]);
    expect(commandOf("--role centre --config c")).toEqual([
      `--role: found "centre"; allowed: ${ROLES} (see kuafu --help)`,
    ]);
    expect(commandOf("--role center --id 03 --log xml")).toEqual([
      "--config: found nothing; allowed: the cluster file",
      '--log: found "xml"; allowed: json or pretty',
      '--id: found "03"; allowed: a whole number from 1 to 4294967280, the id of the center',
    ]);
    expect(commandOf("start now --config c")).toEqual([
      'arguments: found "start now"; allowed: check-config, token, or flags only (see kuafu --help)',
    ]);
  });

  test("refuses flags that do not go together", () => {
    expect(commandOf("--role all --id 3 --config c")).toEqual([
      '--id: found "3" with --role all; allowed: nothing: all runs every node of the file',
    ]);
    expect(commandOf("--role center --id 3 --config c --watch")).toEqual([
      "--watch: found it with --role center; allowed: --role all only",
    ]);
    expect(commandOf("token --data d")).toEqual([
      "--data: found it with token; allowed: --player or --config",
      "--config: found nothing; allowed: the cluster file",
      "--player: found nothing; allowed: a name of 1 to 128 characters",
    ]);
    expect(commandOf("--role all --config c --player ann")).toEqual([
      "--player: found it with --role all; allowed: kuafu token or --role bot only",
    ]);
    expect(commandOf("--role center --id 3 --config c --players 5 --rate 2")).toEqual([
      "--players: found it with --role center; allowed: --role bot only",
      "--rate: found it with --role center; allowed: --role bot only",
    ]);
    expect(commandOf("check-config --config c --data d")).toEqual([
      "--data: found it with check-config; allowed: --config",
    ]);
  });
});

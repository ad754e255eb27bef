import { describe, expect, test } from "#test";
import { faultText } from "../../src/config/fault.ts";
import { parseEdgeCommand } from "../../src/run/edge_command.ts";
import { splitArgv } from "../../src/runtime/argv.ts";

function parse(...args: readonly string[]): unknown {
  const result = parseEdgeCommand(splitArgv(args));
  return result.kind === "ok" ? result.command : result.faults.map(faultText);
}

describe("parseEdgeCommand", () => {
  test("reads every flag, in both ways of writing it", () => {
    const wanted = { kind: "run", number: 3, config: "e.toml", dataDir: "/d", log: "json" };
    expect(parse("--id", "3", "--config", "e.toml", "--data", "/d", "--log", "json")).toEqual(wanted);
    expect(parse("--id=3", "--config=e.toml", "--data=/d", "--log=json")).toEqual(wanted);
    expect(parse("--id", "1", "--config", "e.toml")).toEqual({ kind: "run", number: 1, config: "e.toml" });
    expect([parse("--help"), parse("--version")]).toEqual([{ kind: "help" }, { kind: "version" }]);
  });

  test("refuses what it does not know, what is missing and what makes no sense, all at once", () => {
    expect(parse()).toEqual([
      "kuafu edge: --id: found nothing; allowed: a whole number from 1 to 4294967280, the id of an [[edge]]",
      "kuafu edge: --config: found nothing; allowed: the file with the [[edge]]",
    ]);
    expect(parse("--id", "0", "--config", "e", "--log", "loud")).toEqual([
      'kuafu edge: --id: found "0"; allowed: a whole number from 1 to 4294967280, the id of an [[edge]]',
      'kuafu edge: --log: found "loud"; allowed: json or pretty',
    ]);
    const flags = "--id, --config, --data, --log, --help or --version";
    expect(parse("--role", "admin", "word", "--id", "1", "--id", "2", "--config")).toEqual([
      `kuafu edge: --role: found an unknown flag; allowed: ${flags}`,
      'kuafu edge: arguments: found "word"; allowed: flags only',
      "kuafu edge: --id: found it a second time; allowed: once",
      "kuafu edge: --config: found nothing; allowed: FILE",
    ]);
  });
});

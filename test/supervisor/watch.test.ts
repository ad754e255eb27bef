import { describe, expect, test } from "#test";
import { type CodeMap, affectedNodes } from "../../src/supervisor/watch.ts";
import { configOf, WHOLE } from "../config/parsed.ts";

const CODE: CodeMap = {
  shared: new Set(["/src/main.ts", "/src/mesh/router.ts"]),
  roles: new Map([
    ["center", new Set(["/src/roles/center.ts", "/src/game/guild.ts"])],
    ["user", new Set(["/src/roles/user.ts"])],
  ]),
  modules: new Map([
    ["boss.ts", new Set(["/m/boss.ts", "/m/damage.ts"])],
    ["all.ts", new Set(["/m/all.ts"])],
  ]),
};
const CONFIG = configOf(`${WHOLE}modules = ["boss.ts"]\n`);

function affected(...changed: readonly string[]): string[] {
  return affectedNodes(changed, CODE, { config: CONFIG, modules: ["all.ts"] });
}

describe("affectedNodes", () => {
  test("a file of one role concerns its nodes", () => {
    expect(affected("/src/game/guild.ts")).toEqual(["center:3"]);
    expect(affected("/src/roles/user.ts", "/src/roles/center.ts")).toEqual(["center:3", "user:301"]);
  });

  test("a module concerns the nodes that load it, one of the command line all", () => {
    expect(affected("/m/damage.ts")).toEqual(["cross_center:5"]);
    expect(affected("/m/all.ts").length).toBe(CONFIG.nodes.length);
  });

  test("shared code concerns all, other files none", () => {
    expect(affected("/src/mesh/router.ts").length).toBe(CONFIG.nodes.length);
    expect(affected("/src/notes.ts")).toEqual([]);
  });
});

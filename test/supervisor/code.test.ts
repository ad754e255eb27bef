import { afterEach, describe, expect, test } from "#test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { restartOnChange } from "../../src/supervisor/code.ts";
import { configOf, WHOLE } from "../config/parsed.ts";
import { cleanFolders, temporaryFolder } from "../runtime/temporary_folder.ts";
import { keptLog } from "./fake_files.ts";

afterEach(cleanFolders);

function write(folder: string, name: string, text: string): void {
  mkdirSync(join(folder, name, ".."), { recursive: true });
  writeFileSync(join(folder, name), text);
}

describe("restartOnChange", () => {
  test("restarts the nodes whose code changed, also by an import that is new or gone", async () => {
    const folder = temporaryFolder();
    write(folder, "src/main.ts", 'import "./mesh.ts";\nimport "./roles/center.ts";\nimport "./roles/user.ts";');
    write(folder, "src/mesh.ts", "export {};");
    write(folder, "src/roles/center.ts", 'import "../guild.ts";');
    write(folder, "src/roles/user.ts", "export {};");
    write(folder, "src/guild.ts", "export {};");
    write(folder, "src/bag.ts", "export {};");
    write(folder, "team/boss.ts", "export {};");
    const config = configOf(`${WHOLE}modules = ["${folder}/team/boss.ts"]\n`);
    const calls: { nodes: readonly string[]; reason: string }[] = [];
    let heard = Promise.withResolvers<void>();
    const stop = restartOnChange({
      config,
      modules: [],
      main: join(folder, "src/main.ts"),
      log: keptLog(),
      restart: (nodes, reason) => {
        calls.push({ nodes, reason });
        heard.resolve();
      },
    });
    const change = async (name: string, text: string): Promise<readonly string[] | undefined> => {
      heard = Promise.withResolvers();
      write(folder, name, text);
      await heard.promise;
      return calls.at(-1)?.nodes;
    };
    expect(await change("src/guild.ts", "export const a = 1;")).toEqual(["center:3"]);
    expect(calls.at(-1)?.reason).toBe(`changed: ${folder}/src/guild.ts`);
    expect(await change("src/roles/user.ts", 'import "../bag.ts";')).toEqual(["user:301"]);
    expect(await change("src/bag.ts", "export const b = 1;")).toEqual(["user:301"]);
    expect(await change("team/boss.ts", "export const c = 1;")).toEqual(["cross_center:5"]);
    expect((await change("src/mesh.ts", "export const d = 1;"))?.length).toBe(config.nodes.length);
    stop();
  });
});

import { afterEach, describe, expect, test } from "#test";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { cleanFolders, temporaryFolder } from "./temporary_folder.ts";

const WAIT_MS_MAX = 10_000;
const MODULE = `
  console.error("module is being loaded");
  await new Promise(() => setInterval(() => {}, 1000));
  export default undefined;
`;

afterEach(cleanFolders);

/** A node whose module never ends to load. */
function start(role: "center" | "shard"): Bun.Subprocess<"ignore", "pipe", "pipe"> {
  const folder = temporaryFolder();
  writeFileSync(join(folder, "cluster.key"), `${"ab".repeat(32)}\n`, { mode: 0o600 });
  writeFileSync(join(folder, "slow.ts"), MODULE);
  const config = `
    [cluster]
    name = "slow"
    key_file = "cluster.key"
    data = "data"
    [[node]]
    role = "gateway"
    id = 1
    listen = "127.0.0.1:1"
    [[node]]
    role = "center"
    id = 1
  `;
  writeFileSync(join(folder, "cluster.toml"), config);
  return Bun.spawn({
    cmd: [
      process.execPath,
      resolve(import.meta.dir, "../../src/main.ts"),
      ...["--role", role, "--id", "1", "--config", "cluster.toml", "--module", "slow.ts", "--log", "json"],
    ],
    cwd: folder,
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
}

async function untilLoading(child: Bun.Subprocess<"ignore", "pipe", "pipe">): Promise<void> {
  const timer = setTimeout(() => child.kill("SIGKILL"), WAIT_MS_MAX);
  for await (const chunk of child.stderr) if (new TextDecoder().decode(chunk).includes("is being loaded")) break;
  clearTimeout(timer);
}

describe("main: asked to stop while it starts", () => {
  for (const role of ["center", "shard"] as const) {
    test(`--role ${role} ends as asked, although its module never ends to load`, async () => {
      const child = start(role);
      await untilLoading(child);
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), WAIT_MS_MAX);
      await child.exited;
      clearTimeout(timer);
      expect([child.exitCode, child.signalCode]).toEqual([0, null]);
      expect(await new Response(child.stdout).text()).toContain('"phrase":"node stopping"');
    }, 20_000);
  }
});

/**
 * The commands of README.md from its own code to its first player, as they stand there, with free ports in place of those
 * that it names.
 */

import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, test } from "#test";
import { FOLDERS } from "./harness/ground.ts";
import { takePorts } from "./harness/ports.ts";
import { waitFor } from "./harness/wait.ts";

const ROOT = resolve(import.meta.dir, "../..");
const TIME_MAX_MS = 60_000;
const DEMO_PORTS = /127\.0\.0\.1:(\d{4})/g;

/** A folder as a clone has it, with the demonstration on free ports. */
class Clone {
  readonly folder = mkdtempSync(join(FOLDERS, "kuafu-readme-"));
  readonly #ports = new Map<string, number>();
  readonly #started: Bun.Subprocess[] = [];

  constructor() {
    mkdirSync(join(this.folder, "dist"));
    for (const program of ["kuafu", "bun"])
      symlinkSync(join(ROOT, "dist", program), join(this.folder, "dist", program));
    for (const name of ["src", "node_modules"]) symlinkSync(join(ROOT, name), join(this.folder, name));
    cpSync(join(ROOT, "package.json"), join(this.folder, "package.json"));
    cpSync(join(ROOT, "examples"), join(this.folder, "examples"), { recursive: true });
    const demo = join(this.folder, "examples/demo.toml");
    writeFileSync(demo, this.#onFreePorts(readFileSync(demo, "utf8")));
  }

  /** A block of commands in which `text` stands. */
  block(text: string): string {
    const blocks = readFileSync(join(ROOT, "README.md"), "utf8").match(/^```sh\n[\s\S]*?^```$/gm) ?? [];
    const found = blocks.find((block) => block.includes(text));
    if (found === undefined) throw new Error(`README.md has no commands with ${text}`);
    return this.#onFreePorts(found.replace(/^```sh\n/, "").replace(/```$/, ""));
  }

  run(commands: string): Bun.Subprocess<"ignore", "pipe", "pipe"> {
    const started = Bun.spawn(["bash", "-ec", commands], {
      cwd: this.folder,
      stdin: "ignore",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.#started.push(started);
    return started;
  }

  async dispose(): Promise<void> {
    // `exec` makes the shell the supervisor itself; the others are over by then, or hang and are ended.
    for (const started of this.#started) started.kill("SIGTERM");
    await Promise.all(this.#started.map((started) => started.exited));
    rmSync(this.folder, { recursive: true, force: true });
  }

  #onFreePorts(text: string): string {
    return text.replace(DEMO_PORTS, (_, port: string) => {
      const known = this.#ports.get(port) ?? takePorts(1)[0] ?? 0;
      this.#ports.set(port, known);
      return `127.0.0.1:${known}`;
    });
  }
}

describe("README.md", () => {
  test(
    "from its own code to a player who gets an item: each command does what is said",
    async () => {
      const clone = new Clone();
      try {
        const cluster = clone.run(`exec ${clone.block("--module examples/boss/boss.ts").trim()}`);
        let said = "";
        const listening = (async () => {
          for await (const chunk of cluster.stdout) said += new TextDecoder().decode(chunk);
        })();
        await waitFor(() => (said.includes("ready: ") ? true : undefined), {
          what: "the demonstration to be ready",
          withinMs: 20_000,
          seen: () => said.slice(-1_000),
        });
        const player = clone.run(clone.block("token --player ann"));
        const opening = clone.run(clone.block('"id":"dragon"'));
        expect(await opening.exited).toBe(0);
        expect(await new Response(opening.stdout).text()).toContain('"changed":true');
        expect(await player.exited).toBe(0);
        const told = await new Response(player.stdout).text();
        expect(told).toContain("place 1 with 30");
        expect(told).toContain("in the bag: 3 scale");
        const again = clone.run(clone.block('"id":"dragon"'));
        const seen = await new Response(again.stdout).text();
        expect(seen).toContain('"subject":"ann","score":30');
        expect(seen).toContain('"reason":"boss.loot"');
        cluster.kill("SIGTERM");
        expect(await cluster.exited).toBe(0);
        await listening;
      } finally {
        await clone.dispose();
      }
    },
    TIME_MAX_MS,
  );
});

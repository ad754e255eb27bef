/**
 * docs/benchmarks.md: the tables of one run, with the machine that it ran on.
 */

import { cpus, loadavg, totalmem } from "node:os";
import { join } from "node:path";
import { readRelease } from "../../build/build.ts";
import type { Setting } from "./setting.ts";

export interface Section {
  readonly title: string;
  readonly text: string;
}

export async function writePage(run: {
  readonly root: string;
  readonly setting: Setting;
  readonly sections: readonly Section[];
  readonly tookS: number;
}): Promise<void> {
  const { root, setting, sections, tookS } = run;
  const release = await readRelease(root);
  const head = `# Benchmarks

\`npm run bench\` or \`bun run bench\` builds the executable, runs everything below in one go on one machine, and writes
this page. It prints what it measures and judges nothing: no test fails on a time. What was tried for the calls, and what
it gave, is in [a decision](decisions/call_path.md).

This run took ${tookS} s: Kuafu ${release}, Bun ${Bun.version}, ${machine()}. Load average at its end ${loadavg()[0]?.toFixed(1)}.
Client, gateway and server share the cores with each other and with whatever else the machine did, so that the
absolute figures vary from run to run by a factor of two; the ratios compare systems that took turns within the same
rounds, and hold.

\`BENCH_CELL_MS\` (here ${setting.cellMs}) is how long each cell of the call tables takes, \`BENCH_ROUNDS\` (here ${setting.rounds}) how often it is run; a
figure is the median of its rounds. \`dist/bun test/bench/run.ts PART\` runs one part and leaves this page alone.`;
  const body = sections.map(({ title, text }) => `## ${title}\n\n${text}`);
  await Bun.write(join(root, "docs/benchmarks.md"), `${[head, ...body].join("\n\n")}\n`);
}

function machine(): string {
  const all = cpus();
  const memory = Math.round(totalmem() / 1024 ** 3);
  return `${all.length} × ${all[0]?.model ?? "processor"}, ${memory} GiB of memory, ${process.platform}`;
}

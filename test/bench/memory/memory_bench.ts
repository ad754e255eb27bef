/**
 * Memory: what an idle link costs the cross gateway that accepted it beyond a bare socket, and an idle node.
 */

import { join } from "node:path";
import { connsMax } from "#runtime/descriptor_limit.ts";
import { writeClusterFile } from "../../cluster/harness/cluster_file.ts";
import type { Setting } from "../setting.ts";
import { median } from "../stats.ts";
import { number, table } from "../table.ts";
import { residentSize, startProgram, startWorker } from "../worker.ts";

const LINKS = 5000;
const RUNS = 5;
const IDLE_MS = 10_000;
const SCRIPT = join(import.meta.dir, "links_process.ts");

interface Size {
  readonly size: number;
  readonly links: number;
}

export async function benchMemory(setting: Setting): Promise<string> {
  const parts: string[] = [];
  if (connsMax() < LINKS) {
    parts.push(`Links: skipped, the limit of open files leaves no room for ${LINKS} of them.`);
  } else {
    const own: number[] = [];
    const bare: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      own.push(await sizePerLink("accept", "dial"));
      bare.push(await sizePerLink("bare", "connect"));
    }
    const row = (name: string, kib: readonly number[]): string[] => [
      name,
      number(median(kib)),
      kib.map(number).join(", "),
    ];
    parts.push(
      `${LINKS} idle links with a heartbeat each second; what the accepting process has grown by after a collection, ` +
        `per link; ${RUNS} runs in turns, each with new processes. The wish: at most 24 KiB beyond the socket.\n\n` +
        table(
          ["", "KiB each", "runs"],
          [
            row("a link of a cross gateway", own),
            row("a bare Bun socket", bare),
            row(
              "beyond the socket",
              own.map((kib, run) => kib - (bare[run] ?? Number.NaN)),
            ),
          ],
        ),
    );
  }
  setting.say(parts.at(-1) ?? "");
  parts.push(await idleNodes(setting));
  setting.say(parts.at(-1) ?? "");
  return parts.join("\n\n");
}

async function sizePerLink(accept: "accept" | "bare", dial: "dial" | "connect"): Promise<number> {
  const acceptor = startWorker(SCRIPT, [accept]);
  const { port } = await acceptor.ask<{ port: number }>({ what: "port" });
  const before = await acceptor.ask<Size>({ what: "size" });
  const dialler = startWorker(SCRIPT, [dial, String(LINKS), String(port)]);
  await dialler.ask({});
  const after = await acceptor.ask<Size>({ what: "size" });
  await dialler.stop();
  await acceptor.stop();
  if (after.links !== LINKS) throw new Error(`Cannot measure ${LINKS} links: ${after.links} are up`);
  return (after.size - before.size) / LINKS / 1024;
}

async function idleNodes(setting: Setting): Promise<string> {
  const folder = join(setting.folder, "idle");
  const nodes = ["cross_gateway:1", "cross_center:1", "gateway:1", "center:1", "user:101"];
  const file = writeClusterFile(folder, { nodes: nodes.map((id) => ({ id })), heartbeatMs: 1000 });
  const programs = nodes.map((id) => {
    const [role, number_] = id.split(":") as [string, string];
    const command = [setting.kuafu, "--role", role, "--id", number_, "--config", file.path, "--log", "json"];
    const program = startProgram(command, folder);
    void program.drain();
    return { id, program };
  });
  await Bun.sleep(IDLE_MS);
  const rows = programs.map(({ id, program }) => [id, number((residentSize(program.pid) ?? Number.NaN) / 1e6)]);
  await Promise.all(programs.map(({ program }) => program.kill()));
  return `Resident memory of the executable, ${IDLE_MS / 1000} s after its start, linked and idle. The wish: at most 60 MB.\n\n${table(["node", "MB"], rows)}`;
}

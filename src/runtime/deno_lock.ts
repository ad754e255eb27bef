/**
 * A lock on a data folder, on Deno: flock on the file `lock.edge` in it, which the system lets go of with the process,
 * however that ends. Not the same lock as that of a Bun node (data_lock.ts): only an edge uses an edge's folder.
 */

import { join } from "node:path";
import type { LockResult } from "#base/lock.ts";
import { messageOf } from "#base/log.ts";

export function acquireDenoLock(folder: string): LockResult {
  let file: Deno.FsFile | undefined;
  try {
    file = Deno.openSync(join(folder, "lock.edge"), { read: true, write: true, create: true, mode: 0o600 });
    if (!file.tryLockSync(true)) {
      const by = readOwner(file);
      file.close();
      return { kind: "taken", by };
    }
    writeOwner(file);
  } catch (error) {
    file?.close();
    return { kind: "failed", reason: messageOf(error) };
  }
  let held: Deno.FsFile | undefined = file;
  return {
    kind: "held",
    lock: {
      release: () => {
        held?.close();
        held = undefined;
      },
    },
  };
}

const OWNER_SIZE_MAX = 200;

function writeOwner(file: Deno.FsFile): void {
  const since = new Date(Date.now()).toISOString();
  file.truncateSync(0);
  file.seekSync(0, Deno.SeekMode.Start);
  file.writeSync(new TextEncoder().encode(`process ${Deno.pid} since ${since}\n`));
}

function readOwner(file: Deno.FsFile): string {
  const bytes = new Uint8Array(OWNER_SIZE_MAX);
  const size = file.readSync(bytes) ?? 0;
  const text = new TextDecoder().decode(bytes.subarray(0, size)).trim();
  return text === "" ? "another process" : text;
}

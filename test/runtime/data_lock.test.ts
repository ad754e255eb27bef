import { afterEach, describe, expect, test } from "#test";
import { join } from "node:path";
import { acquireDataLock } from "../../src/runtime/data_lock.ts";
import { cleanFolders, temporaryFolder } from "./temporary_folder.ts";

const HOLDER = join(import.meta.dir, "lock_holder.ts");
const children: Bun.Subprocess[] = [];

afterEach(async () => {
  for (const child of children.splice(0)) {
    child.kill("SIGKILL");
    await child.exited;
  }
  cleanFolders();
});

async function holder(folder: string): Promise<{ child: Bun.Subprocess; said: string }> {
  const child = Bun.spawn({ cmd: [process.execPath, HOLDER, folder], stdout: "pipe", stderr: "inherit" });
  children.push(child);
  const { value } = await child.stdout.getReader().read();
  return { child, said: new TextDecoder().decode(value).trim() };
}

describe("acquireDataLock", () => {
  test("is held by one process, named to the other, and survives neither kill -9 nor a normal end", async () => {
    const folder = temporaryFolder();
    const first = await holder(folder);
    expect(first.said).toBe("held");
    const second = await holder(folder);
    expect(second.said).toBe("taken");
    expect(await second.child.exited).toBe(0);
    const mine = acquireDataLock(folder);
    expect(mine.kind === "taken" && mine.by).toMatch(new RegExp(`^process ${first.child.pid} since 2`));
    first.child.kill("SIGKILL");
    await first.child.exited;
    const after = acquireDataLock(folder);
    expect(after.kind).toBe("held");
    const third = await holder(folder);
    expect(third.said).toBe("taken");
    if (after.kind === "held") after.lock.release();
    expect((await holder(folder)).said).toBe("held");
  });

  test("is not shared within one process, and can be released twice", () => {
    const folder = temporaryFolder();
    const first = acquireDataLock(folder);
    expect(acquireDataLock(folder).kind).toBe("taken");
    if (first.kind === "held") first.lock.release();
    if (first.kind === "held") first.lock.release();
    const again = acquireDataLock(folder);
    expect(again.kind).toBe("held");
    if (again.kind === "held") again.lock.release();
  });

  test("is not passed to children of the holder", async () => {
    const folder = temporaryFolder();
    const mine = acquireDataLock(folder);
    const child = Bun.spawn({ cmd: ["sleep", "30"], stdin: "ignore", stdout: "ignore", stderr: "ignore" });
    children.push(child);
    if (mine.kind === "held") mine.lock.release();
    expect((await holder(folder)).said).toBe("held");
  });

  test("of a folder that is not there fails with a reason", () => {
    const result = acquireDataLock(join(temporaryFolder(), "none"));
    expect(result.kind).toBe("failed");
  });
});

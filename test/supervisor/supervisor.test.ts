import { afterEach, beforeEach, describe, expect, test } from "#test";
import type { GetJsonResult } from "../../src/base/get_json.ts";
import type { LockResult } from "../../src/base/lock.ts";
import type { ChildEvents, ExitStatus, Processes } from "../../src/base/processes.ts";
import { seededRandom } from "../../src/base/random.ts";
import { Supervisor, type SupervisorOptions } from "../../src/supervisor.ts";
import { configOf, WHOLE } from "../config/parsed.ts";
import { FakeClock } from "./fake_clock.ts";
import { FakeFiles, keptLog } from "./fake_files.ts";

class FakeProcesses implements Processes {
  readonly spawned: string[][] = [];
  readonly signals: string[] = [];
  readonly events = new Map<string, ChildEvents>();
  failing = false;

  spawn(args: readonly string[], events: ChildEvents): ReturnType<Processes["spawn"]> {
    if (this.failing) return { kind: "failed", reason: "no such file" };
    const id = `${args[1] ?? ""}:${args[3] ?? ""}`;
    this.spawned.push([...args]);
    this.events.set(id, events);
    return {
      kind: "ok",
      child: {
        pid: this.spawned.length,
        terminate: () => this.signals.push(`terminate ${id}`),
        kill: () => this.signals.push(`kill ${id}`),
      },
    };
  }

  exit(id: string, status: ExitStatus = { kind: "code", code: 0 }): void {
    this.events.get(id)?.exited(status);
  }
}

const OPTIONS = { config: "cluster.toml", modules: [], dataDir: undefined, log: undefined };
let clock: FakeClock;
let files: FakeFiles;
let log: ReturnType<typeof keptLog>;
let processes: FakeProcesses;
let printed: string[];
let relayed: string[];
let released: number;
let answers: GetJsonResult[];
let asked: { readonly url: string; readonly token: string }[];
let running: { readonly supervisor: Supervisor; readonly exit: Promise<number> }[];

beforeEach(() => {
  clock = new FakeClock();
  files = new FakeFiles();
  log = keptLog();
  processes = new FakeProcesses();
  printed = [];
  relayed = [];
  released = 0;
  answers = [];
  asked = [];
  running = [];
});

afterEach(() => {
  for (const { supervisor } of running) supervisor.stop("test over");
});

function start(
  given: Partial<SupervisorOptions> = {},
  text = WHOLE,
): { supervisor: Supervisor; exit: Promise<number> } {
  const supervisor = new Supervisor({
    config: configOf(text),
    options: OPTIONS,
    watch: false,
    example: { id: "boss", kind: "plain", config: {} },
    clock,
    random: seededRandom(1),
    log,
    files,
    acquireLock: () => ({ kind: "held", lock: { release: () => (released += 1) } }),
    processes,
    getJson: (url, { token }) => {
      asked.push({ url, token });
      return Promise.resolve(answers.shift() ?? { kind: "failed", reason: "refused" });
    },
    relay: (node, line) => relayed.push(`${node} ${line}`),
    print: (line) => printed.push(line),
    ...given,
  });
  const started = { supervisor, exit: supervisor.run() };
  running.push(started);
  return started;
}

function nodesAnswer(current: boolean): GetJsonResult {
  const nodes = configOf(WHOLE).nodes.map(({ id }) => ({ id, boot: "b", startedAtMs: 1, gateway: id, current }));
  return { kind: "ok", status: 200, body: { nodes } };
}

describe("Supervisor", () => {
  test("starts every node of the file with its role, its id, the config, modules and data folder", async () => {
    start({ options: { ...OPTIONS, modules: ["a.ts", "b.ts"], dataDir: "d", log: "pretty" } });
    const shared = ["--config", "cluster.toml", "--log", "json", "--module", "a.ts", "--module", "b.ts", "--data", "d"];
    expect(processes.spawned).toEqual([
      ["--role", "cross_gateway", "--id", "1", ...shared],
      ["--role", "gateway", "--id", "3", ...shared],
      ["--role", "center", "--id", "3", ...shared],
      ["--role", "user", "--id", "301", ...shared],
      ["--role", "cross_center", "--id", "5", ...shared],
    ]);
    await Promise.resolve();
  });

  test("passes on what children print", () => {
    start();
    processes.events.get("center:3")?.line("hello");
    expect(relayed).toEqual(["center:3 hello"]);
  });

  test("prints the table once all nodes are current, and asks no more", async () => {
    answers = [{ kind: "failed", reason: "refused" }, nodesAnswer(false), nodesAnswer(true)];
    start();
    await clock.advance(350);
    expect(printed).toEqual([]);
    await clock.advance(100);
    expect(printed.length).toBe(1);
    expect(printed[0]).toContain("\nready: 5 nodes in 0.4 s\n");
    await clock.advance(10_000);
    expect([printed.length, asked.length]).toEqual([1, 3]);
    const token = files.texts.get("t")?.trim().split(" ")[2];
    expect(asked[0]).toEqual({ url: "http://127.0.0.1:8900/api/nodes", token: token ?? "" });
    expect(JSON.stringify(log.lines) + printed.join()).not.toContain(token ?? "?");
  });

  test("says what it waits for, first after ten seconds and then ever more rarely", async () => {
    answers = Array.from({ length: 60 }, () => nodesAnswer(false));
    start();
    await clock.advance(9_000);
    const notes = (): unknown[] => log.lines.filter((line) => line.phrase === "not ready yet").map((line) => line.data);
    expect(notes()).toEqual([]);
    await clock.advance(1_000);
    expect(notes().length).toBe(1);
    await clock.advance(70_000);
    expect(notes().length).toBe(4);
    expect(notes().at(-1)).toEqual({ url: "http://127.0.0.1:8900/api/nodes", reason: "refused" });
  });

  test("restarts a node that ended, after its backoff", async () => {
    start();
    processes.exit("center:3", { kind: "signal", signal: "SIGKILL" });
    await clock.advance(249);
    expect(processes.spawned.length).toBe(5);
    await clock.advance(1);
    expect(processes.spawned.length).toBe(6);
  });

  test("tries again when a node cannot be started", async () => {
    processes.failing = true;
    start();
    await clock.advance(500);
    processes.failing = false;
    await clock.advance(500);
    expect(processes.spawned.length).toBe(5);
  });

  test("stops in order, releases its lock and ends with code 0", async () => {
    const { supervisor, exit } = start();
    supervisor.stop("SIGTERM");
    supervisor.stop("SIGTERM");
    for (const id of ["center:3", "user:301", "gateway:3", "cross_center:5", "cross_gateway:1"]) processes.exit(id);
    expect(await exit).toBe(0);
    expect(processes.signals).toEqual([
      "terminate center:3",
      "terminate user:301",
      "terminate gateway:3",
      "terminate cross_center:5",
      "terminate cross_gateway:1",
    ]);
    expect(released).toBe(1);
    expect(log.lines.filter((line) => line.phrase === "stopping all nodes").length).toBe(1);
  });

  test("kills what has not stopped before 25 s and ends with code 1", async () => {
    const { supervisor, exit } = start();
    supervisor.stop("SIGTERM");
    await clock.advance(25_000);
    const killed = processes.signals.filter((each) => each.startsWith("kill"));
    expect(killed.length).toBe(5);
    for (const id of processes.events.keys()) processes.exit(id, { kind: "signal", signal: "SIGKILL" });
    expect(await exit).toBe(1);
  });

  test("does not start beside another one, nor without a folder to write to: code 1, one line, no child", async () => {
    const taken: LockResult = { kind: "taken", by: "process 7" };
    expect(await start({ acquireLock: () => taken }).exit).toBe(1);
    files.failing.add("data/supervisor");
    expect(await start().exit).toBe(1);
    expect(processes.spawned).toEqual([]);
    expect(log.lines.map((line) => line.data)).toEqual([
      { reason: "Cannot use data folder data/supervisor: a supervisor has it, process 7" },
      { reason: "Cannot use data folder data/supervisor: permission denied" },
    ]);
  });

  test("does not start with a key of the wrong form: code 2", async () => {
    files.texts.set("k", "short");
    expect(await start().exit).toBe(2);
    expect([processes.spawned.length, released]).toEqual([0, 1]);
  });

  test("says so when no node can be asked whether all are ready", async () => {
    start({}, WHOLE.replace('admin = "127.0.0.1:8900"', ""));
    await clock.advance(1_000);
    expect(log.lines.map((line) => line.phrase)).toContain(
      "no node has an admin address: nobody can be asked when all are ready",
    );
    expect(asked).toEqual([]);
  });
});

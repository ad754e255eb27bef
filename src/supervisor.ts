/**
 * `--role all`: runs every node of the cluster file as a child of this executable, restarts what ends, says when
 * the cluster is ready and stops all in order. Decides nothing about children itself: SupervisorState does.
 */

import type { Clock, Timer } from "#base/clock.ts";
import type { Files } from "#base/files.ts";
import type { GetJson } from "#base/get_json.ts";
import type { AcquireLock, HeldLock } from "#base/lock.ts";
import { isLoggedAttempt, type Log } from "#base/log.ts";
import type { ChildProcess, Processes } from "#base/processes.ts";
import type { Random } from "#base/random.ts";
import { sleep } from "#base/clock.ts";
import type { NodeId } from "#wire/role.ts";
import type { RunOptions } from "./cli.ts";
import type { ClusterConfig, NodeConfig } from "./config/types.ts";
import {
  adminUrl,
  type ExampleActivity,
  missingNodes,
  readyText,
  type SeenNode,
  seenLinks,
  seenNodes,
  type TokenPlace,
} from "./supervisor/ready.ts";
import { type RollingPort, rollingRestart, type SeenCluster } from "./supervisor/rolling.ts";
import { prepareSecrets } from "./supervisor/secrets.ts";
import { type SupervisorAction, SupervisorState } from "./supervisor/state.ts";

export interface SupervisorOptions {
  readonly config: ClusterConfig;
  readonly options: RunOptions;
  readonly watch: boolean;
  readonly example: ExampleActivity | undefined;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly files: Files;
  readonly acquireLock: AcquireLock;
  readonly processes: Processes;
  readonly getJson: GetJson;
  /** A line that a child printed. */
  readonly relay: (node: NodeId, text: string) => void;
  /** Text for standard output. */
  readonly print: (text: string) => void;
}

const POLL_MS = 200;
const POLL_TIMEOUT_MS = 2_000;
/** Every so many polls without success it says what it waits for, at 1, 2, 4, 8 …: first after 10 s. */
const POLLS_PER_NOTE = 50;

export class Supervisor {
  readonly #with: SupervisorOptions;
  readonly #state: SupervisorState;
  readonly #children = new Map<NodeId, ChildProcess>();
  readonly #finished = Promise.withResolvers<number>();
  #wake: Timer | undefined;
  #lock: HeldLock | undefined;
  #isStopping = false;
  #isRolling = false;
  #token: TokenPlace | undefined;
  #startedMs = 0;

  constructor(options: SupervisorOptions) {
    this.#with = options;
    this.#state = new SupervisorState(options.config.nodes, { staysWithoutNodes: options.watch });
  }

  /** Resolves with the exit code when no child is left. */
  async run(): Promise<number> {
    const { config, log, clock } = this.#with;
    const cannot = this.#prepare();
    if (cannot.kind === "failed") {
      for (const reason of cannot.lines) log.error("supervisor cannot start", { reason });
      this.#lock?.release();
      return cannot.code;
    }
    this.#startedMs = clock.nowMs();
    this.#token = cannot.token;
    log.info("supervisor started", { cluster: config.name, file: config.file, nodes: config.nodes.length });
    this.#apply(this.#state.tick(clock.nowMs()));
    void this.#announce(cannot.token).catch((error: unknown) => log.error("readiness is not known", { error }));
    const code = await this.#finished.promise;
    this.#lock?.release();
    return code;
  }

  /** First: in order, within 25 s. Again, a second later: at once. */
  stop(reason: string): void {
    if (!this.#isStopping) this.#with.log.info("stopping all nodes", { reason });
    this.#isStopping = true;
    this.#apply(this.#state.stop(this.#with.clock.nowMs()));
  }

  restart(nodes: readonly NodeId[], reason: string): void {
    if (this.#isStopping || nodes.length === 0) return;
    this.#with.log.info("restarting nodes", { reason, nodes });
    this.#apply(this.#state.restart(nodes, this.#with.clock.nowMs()));
  }

  /** Every node, one after the other, as rolling.ts says; while one is under way another one is refused. */
  rollingRestart(reason: string): void {
    const { config, log, clock } = this.#with;
    const cannot = this.#cannotRoll();
    if (cannot !== undefined) return log.warn("rolling restart refused", { reason: cannot });
    this.#isRolling = true;
    const startedMs = clock.nowMs();
    log.info("rolling restart begins", { reason, nodes: config.nodes.length });
    void rollingRestart(config.nodes, { port: this.#rollingPort(), clock, log })
      .then((result) => {
        const tookMs = Math.round(clock.nowMs() - startedMs);
        if (result.kind === "done") log.info("rolling restart done", { nodes: config.nodes.length, tookMs });
        else log.error("rolling restart given up", { reason: result.reason, nodes: result.nodes, tookMs });
      })
      .catch((error: unknown) => log.error("rolling restart failed", { error }))
      .finally(() => {
        this.#isRolling = false;
      });
  }

  #cannotRoll(): string | undefined {
    if (this.#isStopping) return "all nodes are being stopped";
    if (this.#isRolling) return "one is under way";
    const hasAdmin = this.#token !== undefined && this.#with.config.nodes.some((node) => node.admin !== undefined);
    return hasAdmin ? undefined : "no node has an admin address: nobody can be asked when a node is back";
  }

  #rollingPort(): RollingPort {
    const { clock } = this.#with;
    return {
      hold: (ids) => this.#apply(this.#state.hold(ids, clock.nowMs())),
      release: (ids) => this.#apply(this.#state.release(ids, clock.nowMs())),
      isHeld: (id) => this.#state.stateOf(id) === "held",
      isStopping: () => this.#isStopping,
      seen: () => this.#seen(),
    };
  }

  /** As the first node with an admin address that answers sees it. */
  async #seen(): Promise<SeenCluster | undefined> {
    const { config, getJson } = this.#with;
    const token = this.#token?.token.token ?? "";
    for (const { admin } of config.nodes) {
      if (admin === undefined) continue;
      const [nodes, links] = await Promise.all(
        ["nodes", "links"].map((what) =>
          getJson(`${adminUrl(admin)}/api/${what}`, { token, timeoutMs: POLL_TIMEOUT_MS }),
        ),
      );
      const seen = nodes?.kind === "ok" && nodes.status === 200 ? seenNodes(nodes.body) : undefined;
      const linked = links?.kind === "ok" && links.status === 200 ? seenLinks(links.body) : undefined;
      if (seen !== undefined && linked !== undefined) return { nodes: seen, links: linked };
    }
    return undefined;
  }

  #prepare(): ReturnType<typeof prepareSecrets> {
    const { config, options, files, acquireLock } = this.#with;
    const folder = `${(options.dataDir ?? config.dataDir).replace(/\/+$/, "")}/supervisor`;
    const failed = (line: string): ReturnType<typeof prepareSecrets> => ({ kind: "failed", code: 1, lines: [line] });
    const ensured = files.ensureFolder(folder);
    if (ensured.kind === "failed") return failed(`Cannot use data folder ${folder}: ${ensured.reason}`);
    const lock = acquireLock(folder);
    if (lock.kind === "taken") return failed(`Cannot use data folder ${folder}: a supervisor has it, ${lock.by}`);
    if (lock.kind === "failed") return failed(`Cannot lock data folder ${folder}: ${lock.reason}`);
    this.#lock = lock.lock;
    return prepareSecrets(config, this.#with);
  }

  #apply(actions: readonly SupervisorAction[]): void {
    for (const action of actions) {
      if (action.kind === "log") this.#with.log[action.level](action.phrase, action.data);
      else if (action.kind === "spawn") this.#spawn(action.id);
      else if (action.kind === "terminate") this.#children.get(action.id)?.terminate();
      else if (action.kind === "kill") this.#children.get(action.id)?.kill();
      else this.#finished.resolve(action.code);
    }
    this.#rearm();
  }

  #rearm(): void {
    const { clock } = this.#with;
    this.#wake?.cancel();
    const atMs = this.#state.nextWakeMs();
    if (atMs === undefined) return;
    this.#wake = clock.after(atMs - clock.nowMs(), () => this.#apply(this.#state.tick(clock.nowMs())));
  }

  #spawn(id: NodeId): void {
    const { processes, relay, clock, log, config } = this.#with;
    const node = config.nodes.find((each) => each.id === id);
    if (node === undefined) return;
    const result = processes.spawn(this.#argumentsOf(node), {
      line: (text) => relay(id, text),
      exited: (status) => {
        this.#children.delete(id);
        this.#apply(this.#state.exited(id, status, clock.nowMs()));
      },
    });
    if (result.kind === "ok") {
      this.#children.set(id, result.child);
      log.debug("node started", { node: id, pid: result.child.pid });
      return;
    }
    log.error("node cannot be started", { node: id, reason: result.reason });
    // Later: the actions that led here are still being applied.
    clock.soon(() => this.#apply(this.#state.exited(id, { kind: "code", code: 1 }, clock.nowMs())));
  }

  #argumentsOf(node: NodeConfig): string[] {
    const { config, modules, dataDir } = this.#with.options;
    return [
      ...["--role", node.role, "--id", String(node.number), "--config", config, "--log", "json"],
      ...modules.flatMap((file) => ["--module", file]),
      ...(dataDir === undefined ? [] : ["--data", dataDir]),
    ];
  }

  async #announce(token: TokenPlace | undefined): Promise<void> {
    const { config, log, clock, print, example } = this.#with;
    const admin = config.nodes.find((each) => each.admin !== undefined)?.admin;
    if (admin === undefined || token === undefined) {
      log.info("no node has an admin address: nobody can be asked when all are ready");
      return;
    }
    const seen = await this.#untilReady(`${adminUrl(admin)}/api/nodes`, token);
    if (seen === undefined) return;
    const tookMs = clock.nowMs() - this.#startedMs;
    log.info("cluster ready", { nodes: config.nodes.length, tookMs: Math.round(tookMs) });
    print(readyText({ nodes: config.nodes, seen, tookMs, admin, token, example }));
  }

  /** Undefined when it was asked to stop before. */
  async #untilReady(url: string, token: TokenPlace): Promise<readonly SeenNode[] | undefined> {
    const { config, log, clock, getJson } = this.#with;
    for (let poll = 1; !this.#isStopping; poll += 1) {
      const answer = await getJson(url, { token: token.token.token, timeoutMs: POLL_TIMEOUT_MS });
      if (this.#isStopping) return undefined;
      const seen = answer.kind === "ok" && answer.status === 200 ? seenNodes(answer.body) : undefined;
      const missing = seen === undefined ? undefined : missingNodes(config.nodes, seen);
      if (missing?.length === 0) return seen;
      if (poll % POLLS_PER_NOTE === 0 && isLoggedAttempt(poll / POLLS_PER_NOTE)) {
        const reason = answer.kind === "failed" ? answer.reason : `status ${answer.status}`;
        log.warn("not ready yet", missing === undefined ? { url, reason } : { missing });
      }
      await sleep(clock, POLL_MS);
    }
    return undefined;
  }
}

/**
 * A node of a test cluster over its lives: started, killed, frozen and started again by the test, as a supervisor
 * would. What is asked of it is asked of its latest life.
 */

import { join } from "node:path";
import { parseNodeId } from "#wire/role.ts";
import { AdminClient } from "./admin_client.ts";
import type { ClusterFile } from "./cluster_file.ts";
import type { Exit } from "./life.ts";
import { Life } from "./life.ts";
import type { LogLine } from "./log_lines.ts";
import type { Notices } from "./wait.ts";
import { waitFor } from "./wait.ts";

/** A node starts in 50 ms; many at once on two cores take longer. */
const START_MS_MAX = 15_000;

/** The socket file through which the admin API of a node in a namespace of its own is asked. */
export function doorOf(folder: string, id: string): string {
  return join(folder, `${id.replace(":", "-")}.sock`);
}

export class TestNode {
  readonly id: string;
  readonly lives: Life[] = [];
  readonly #file: ClusterFile;
  readonly #notices: Notices;
  readonly #namespace: string | undefined;

  constructor(
    id: string,
    options: { readonly file: ClusterFile; readonly notices: Notices; readonly namespace?: string | undefined },
  ) {
    this.id = id;
    this.#namespace = options.namespace;
    this.#file = options.file;
    this.#notices = options.notices;
  }

  /** The latest. */
  get life(): Life {
    const life = this.lives.at(-1);
    if (life === undefined) throw new Error(`${this.id} was not started`);
    return life;
  }

  get isAlive(): boolean {
    return this.lives.at(-1)?.isAlive === true;
  }

  get pid(): number {
    return this.life.pid;
  }

  get boot(): string | undefined {
    return this.life.boot;
  }

  get admin(): AdminClient {
    const port = this.#file.admin.get(this.id);
    if (port === undefined) throw new Error(`${this.id} serves no admin API`);
    const socket = this.#namespace === undefined ? undefined : doorOf(this.#file.folder, this.id);
    return new AdminClient({ port, token: this.#file.token, socket });
  }

  /** Without waiting for anything. `more`: further arguments. */
  spawn(...more: readonly string[]): Life {
    if (this.isAlive) throw new Error(`${this.id} is running`);
    const parsed = parseNodeId(this.id);
    const name = ["--role", parsed?.role ?? "", "--id", String(parsed?.number)];
    const life = new Life([...name, "--config", "cluster.toml", "--log", "json", ...more], {
      cwd: this.#file.folder,
      notices: this.#notices,
      namespace: this.#namespace,
    });
    this.lives.push(life);
    return life;
  }

  /** Resolves when it has said that it started. */
  async start(): Promise<Life> {
    const life = this.spawn();
    await this.line("node started", { withinMs: START_MS_MAX });
    return life;
  }

  /** kill -9. */
  async kill(): Promise<Exit> {
    this.life.signal("SIGKILL");
    return this.life.ended;
  }

  freeze(): void {
    this.life.signal("SIGSTOP");
  }

  thaw(): void {
    this.life.signal("SIGCONT");
  }

  /** The first line of the latest life with this phrase and at least this data. */
  line(
    phrase: string,
    options: { readonly data?: Readonly<Record<string, unknown>>; readonly withinMs: number },
  ): Promise<LogLine> {
    const { life } = this;
    const data = options.data ?? {};
    return waitFor(
      () => {
        const found = life.find(phrase, data);
        if (found === undefined && life.exit !== undefined) {
          throw new Error(`${this.id} ended (${JSON.stringify(life.exit)}) before it said "${phrase}"`);
        }
        return found;
      },
      {
        what: `"${phrase}" ${JSON.stringify(data)} of ${this.id}`,
        withinMs: options.withinMs,
        notices: this.#notices,
      },
    );
  }

  /** Of the latest life. */
  exited(withinMs: number): Promise<Exit> {
    const { life } = this;
    return waitFor(() => life.exit, { what: `${this.id} to exit`, withinMs, notices: this.#notices });
  }
}

/**
 * Runs a second client: tells it what to do, a line each, and collects the JSON lines that it prints. Which words a client
 * has for what it is to do is its own file's matter. It ends with the test's `kill`, or when its input ends.
 */

import { Notices, waitFor } from "../../cluster/harness/wait.ts";

const EVENT_MS_MAX = 10_000;

export interface ClientEvent {
  readonly event: string;
  readonly [name: string]: unknown;
}

export interface Asked {
  readonly method: number;
  readonly body: unknown;
}

/** What it is told, and what it has printed. */
export interface SecondClient {
  readonly events: readonly ClientEvent[];
  /** Logs in, or resumes when it has a session. `acked`: the hello says so instead of what it has acked. */
  connect(acked?: number): void;
  request(asked: Asked): void;
  /** The request of this number once more. One that remembers what it sent sends that, whatever is given here. */
  repeat(seq: number, asked: Asked): void;
  /** Its connection is gone without a word. */
  cut(): void;
  ping(): void;
  bye(): void;
  /** The first event of this name after those that an earlier call answered, whole. */
  next(event: string): Promise<ClientEvent>;
  /** Ends its input; answers its exit code. */
  end(): Promise<number>;
  kill(): void;
}

export type Command =
  | { readonly do: "connect"; readonly acked?: number }
  | ({ readonly do: "request"; readonly seq?: number } & Asked)
  | { readonly do: "cut" | "ping" | "bye" };

export interface SecondClientOptions {
  readonly name: string;
  readonly argv: readonly string[];
  /** The command's line, without its end. */
  readonly line: (command: Command) => string;
}

export function runClient({ name, argv, line }: SecondClientOptions): SecondClient {
  const child = Bun.spawn([...argv], { stdin: "pipe", stdout: "pipe", stderr: "inherit" });
  const events: ClientEvent[] = [];
  const notices = new Notices();
  const taken = new Map<string, number>();
  const read = async (): Promise<void> => {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const text of lines) events.push(JSON.parse(text) as ClientEvent);
      notices.tell();
    }
  };
  const isRead = read();
  const tell = (command: Command): void => {
    void child.stdin.write(`${line(command)}\n`);
    void child.stdin.flush();
  };
  return {
    events,
    connect: (acked) => tell(acked === undefined ? { do: "connect" } : { do: "connect", acked }),
    request: (asked) => tell({ do: "request", ...asked }),
    repeat: (seq, asked) => tell({ do: "request", seq, ...asked }),
    cut: () => tell({ do: "cut" }),
    ping: () => tell({ do: "ping" }),
    bye: () => tell({ do: "bye" }),
    next: async (event) => {
      const index = taken.get(event) ?? 0;
      taken.set(event, index + 1);
      const what = `${event} ${index + 1} of the client in ${name}`;
      const find = (): ClientEvent | undefined => events.filter((one) => one.event === event)[index];
      return await waitFor(find, { what, withinMs: EVENT_MS_MAX, notices, seen: () => events.at(-1) });
    },
    end: async () => {
      void child.stdin.end();
      const code = await child.exited;
      await isRead;
      return code;
    },
    kill: () => child.kill(9),
  };
}

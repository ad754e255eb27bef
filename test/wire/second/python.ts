/**
 * Runs the second implementation when there is a python3, collecting the JSON lines that it prints.
 */

const PEER = new URL("./kuafu_peer.py", import.meta.url).pathname;

export const PYTHON: string | undefined = Bun.which("python3") ?? undefined;

export interface PeerEvent {
  readonly event: string;
  readonly [name: string]: unknown;
}

export interface Peer {
  readonly events: readonly PeerEvent[];
  /** The exit code, after all lines were read. */
  readonly ended: Promise<number>;
  kill(): void;
}

/** Runs it to its end and gives what it printed. */
export function runPeer(args: readonly string[]): { readonly code: number; readonly output: string } {
  const done = Bun.spawnSync([PYTHON ?? "python3", PEER, ...args], { stderr: "pipe" });
  return { code: done.exitCode, output: done.stdout.toString() + done.stderr.toString() };
}

export function startPeer(args: readonly string[]): Peer {
  const child = Bun.spawn([PYTHON ?? "python3", PEER, ...args], { stdout: "pipe", stderr: "inherit" });
  const events: PeerEvent[] = [];
  const read = async (): Promise<number> => {
    let rest = "";
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) {
      const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) events.push(JSON.parse(line) as PeerEvent);
    }
    return await child.exited;
  };
  return { events, ended: read(), kill: () => child.kill(9) };
}

/**
 * Free ports on loopback that nobody else takes between the look and the use: below the range from which the
 * system gives ports out, in blocks. A run holds the first port of its block as long as it lives, so that runs
 * side by side use different blocks; the others are looked up by bind and release.
 */

const FIRST_PORT = 12_000;
const BLOCK_SIZE = 100;
const BLOCKS = 200;

interface Block {
  readonly guard: { unref(): void };
  next: number;
  readonly end: number;
}

let current: Block | undefined;
let tried = (process.pid * 37) % BLOCKS;
let triedCount = 0;

export function takePorts(count: number): number[] {
  return Array.from({ length: count }, takePort);
}

function takePort(): number {
  for (;;) {
    current ??= takeBlock();
    if (current.next === current.end) {
      current = undefined;
      continue;
    }
    const port = current.next;
    current.next += 1;
    const held = hold(port);
    if (held === undefined) continue;
    held.stop(true);
    return port;
  }
}

function takeBlock(): Block {
  while (triedCount < BLOCKS) {
    const first = FIRST_PORT + tried * BLOCK_SIZE;
    tried = (tried + 1) % BLOCKS;
    triedCount += 1;
    const guard = hold(first);
    if (guard === undefined) continue;
    guard.unref();
    return { guard, next: first + 1, end: first + BLOCK_SIZE };
  }
  throw new Error(`Cannot find free ports: all of ${BLOCKS} blocks from ${FIRST_PORT} are taken`);
}

/** A listener on the port, or undefined when it is taken. */
export function hold(port: number): { stop(force: boolean): void; unref(): void } | undefined {
  try {
    return Bun.listen({ hostname: "127.0.0.1", port, socket: { data: () => {} } });
  } catch {
    return undefined;
  }
}

/**
 * A process of its own that passes TCP connections on: into a namespace, through a socket file, or on a slow way.
 *
 *   bun pipe.ts FROM TO [DELAY_MS [BYTES_PER_TURN]]
 *
 * FROM and TO are "host:port" or, with a slash in it, a socket file. What is read from TO's side is passed on after
 * DELAY_MS, as is what goes there. With BYTES_PER_TURN at most so much is read from each end per turn of 20 ms, and no
 * more is asked of the system: whoever sends too much has to wait. SIGUSR2 ends both.
 */

const TURN_MS = 20;

interface State {
  other: Bun.Socket<State> | undefined;
  /** What came in and is not passed on yet. */
  readonly waiting: { readonly bytes: Uint8Array; readonly atMs: number }[];
  waitingSize: number;
  isOver: boolean;
  isPaused: boolean;
}

const [from = "", to = "", delayText = "0", turnText = "0"] = process.argv.slice(2);
let delayMs = Number(delayText);
let turnSize = Number(turnText) === 0 ? Number.POSITIVE_INFINITY : Number(turnText);
const open = new Set<Bun.Socket<State>>();
/** What one end may have waiting before it is read no more. */
const WAITING_MAX = 256 * 1024;

function placeOf(text: string): { unix: string } | { hostname: string; port: number } {
  if (text.includes("/")) return { unix: text };
  const colon = text.lastIndexOf(":");
  return { hostname: text.slice(0, colon), port: Number(text.slice(colon + 1)) };
}

function fresh(): State {
  return { other: undefined, waiting: [], waitingSize: 0, isOver: false, isPaused: false };
}

/** Passes on what is due and finds room. */
function pass(source: Bun.Socket<State>): void {
  const { data } = source;
  const sink = data.other;
  if (sink === undefined) return;
  const nowMs = performance.now();
  let left = turnSize;
  for (let head = data.waiting[0]; head !== undefined && head.atMs <= nowMs && left > 0; head = data.waiting[0]) {
    const part = head.bytes.subarray(0, Math.min(head.bytes.length, left));
    const took = Math.max(0, sink.write(part));
    left -= took;
    data.waitingSize -= took;
    if (took === head.bytes.length) data.waiting.shift();
    else data.waiting[0] = { bytes: head.bytes.subarray(took), atMs: head.atMs };
    if (took < part.length) break;
  }
  if (data.waiting.length === 0 && data.isOver) sink.end();
  const limit = Number.isFinite(turnSize) ? turnSize : WAITING_MAX;
  const isFull = data.waitingSize >= limit;
  if (isFull !== data.isPaused) {
    data.isPaused = isFull;
    if (isFull) source.pause();
    else source.resume();
  }
}

const socket: Bun.SocketHandler<State> = {
  data(own, bytes) {
    own.data.waiting.push({ bytes: Uint8Array.from(bytes), atMs: performance.now() + delayMs });
    own.data.waitingSize += bytes.length;
    if (delayMs === 0 && turnSize === Number.POSITIVE_INFINITY) pass(own);
  },
  drain(own) {
    if (own.data.other !== undefined) pass(own.data.other);
  },
  close(own) {
    open.delete(own);
    own.data.isOver = true;
    pass(own);
  },
  error() {},
};

const accepting: Bun.SocketHandler<State> = {
  ...socket,
  open(near) {
    near.data = fresh();
    open.add(near);
    connect(near).catch(() => near.end());
  },
};

async function connect(near: Bun.Socket<State>): Promise<void> {
  const place = placeOf(to);
  const given = { data: fresh(), socket };
  const far = await ("unix" in place
    ? Bun.connect<State>({ ...place, ...given })
    : Bun.connect<State>({ ...place, ...given }));
  far.data.other = near;
  near.data.other = far;
  open.add(far);
  if (near.data.isOver) far.end();
  else pass(near);
}

const listening = placeOf(from);
if ("unix" in listening) Bun.listen<State>({ ...listening, data: fresh(), socket: accepting });
else Bun.listen<State>({ ...listening, data: fresh(), socket: accepting });

process.on("SIGUSR2", () => {
  delayMs = 0;
  turnSize = Number.POSITIVE_INFINITY;
});
setInterval(() => {
  for (const each of open) pass(each);
}, TURN_MS);
console.log("listening");

/**
 * Opening a simulated conn, as TCP does: a first segment that is repeated while nothing answers, the kernel of the
 * other side accepting even when its process is frozen, and the process hearing of it when it gets to run.
 */

import type { Address, Conn, ConnHandler, DialHandler } from "#link/transport.ts";
import type { SimEndpoint } from "./sim_endpoint.ts";
import type { SimPath } from "./sim_path.ts";
import type { SimProcess } from "./sim_process.ts";

const REPEAT_FIRST_MS = 1000;
const REPEATS_MAX = 6;

export interface SimListener {
  readonly process: SimProcess;
  readonly accept: (conn: Conn) => ConnHandler;
}

export interface DialNetwork {
  path(from: string, to: string): SimPath;
  after(delayMs: number, fn: () => void): void;
  /** Undefined: there is no such machine. */
  hasPower(host: string): boolean | undefined;
  /** Undefined: it is refused. */
  listenerAt(address: Address): SimListener | undefined;
  open(client: SimProcess, server: SimProcess, address: Address): { client: SimEndpoint; server: SimEndpoint };
}

interface Attempt {
  readonly network: DialNetwork;
  readonly process: SimProcess;
  readonly address: Address;
  readonly handler: DialHandler;
  repeats: number;
  isCancelled: boolean;
}

export function dialConn(options: {
  network: DialNetwork;
  process: SimProcess;
  address: Address;
  handler: DialHandler;
}): { cancel(): void } {
  const attempt: Attempt = { ...options, repeats: 0, isCancelled: false };
  knock(attempt);
  return {
    cancel: () => {
      attempt.isCancelled = true;
    },
  };
}

/** The first segment sets out. */
function knock(attempt: Attempt): void {
  const { network, process, address } = attempt;
  const there = network.path(process.host.name, address.host);
  network.after(there.delayMs(), () => arrive(attempt));
}

function arrive(attempt: Attempt): void {
  const { network, process, address } = attempt;
  if (attempt.isCancelled || !process.isAlive) return;
  const here = process.host.name;
  const hasPower = network.hasPower(address.host);
  if (hasPower === undefined) {
    fail(attempt, `no machine is called ${address.host}`);
    return;
  }
  if (network.path(here, address.host).isCut || network.path(address.host, here).isCut || !hasPower) {
    repeat(attempt);
    return;
  }
  const backMs = network.path(address.host, here).delayMs();
  const listener = network.listenerAt(address);
  if (listener === undefined) {
    network.after(backMs, () => fail(attempt, "refused"));
    return;
  }
  const { client, server } = network.open(process, listener.process, address);
  listener.process.deliver(() => {
    if (server.isClosed) return;
    server.adopt(listener.accept(server));
  });
  network.after(backMs, () => {
    process.deliver(() => {
      if (attempt.isCancelled) {
        client.terminate();
        return;
      }
      if (client.isClosed) {
        attempt.handler.failed("reset");
        return;
      }
      client.adopt(attempt.handler.opened(client));
    });
  });
}

function repeat(attempt: Attempt): void {
  attempt.repeats += 1;
  const delayMs = REPEAT_FIRST_MS * 2 ** (attempt.repeats - 1);
  attempt.network.after(delayMs, () => {
    if (attempt.isCancelled || !attempt.process.isAlive) return;
    if (attempt.repeats > REPEATS_MAX) fail(attempt, "timed out");
    else knock(attempt);
  });
}

function fail(attempt: Attempt, reason: string): void {
  attempt.process.deliver(() => {
    if (!attempt.isCancelled) attempt.handler.failed(reason);
  });
}

/**
 * What a runtime gives to run a node: the adapters that main.ts puts together. Nothing here names one.
 */

import type { Trail } from "#admin/audit.ts";
import type { Clock } from "#base/clock.ts";
import type { Digest } from "#base/digest.ts";
import type { Files } from "#base/files.ts";
import type { ServeHttp } from "#base/http_server.ts";
import type { AcquireLock } from "#base/lock.ts";
import type { Log } from "#base/log.ts";
import type { ReadUsage } from "#base/process_usage.ts";
import type { Random } from "#base/random.ts";
import type { SendBudget } from "#link/send_budget.ts";
import type { SecureTransport } from "#link/tls.ts";
import type { Transport } from "#link/transport.ts";
import type { Module } from "#module/module.ts";
import type { ListenPlayers } from "#session/player_conn.ts";
import type { SecurePlayers } from "#session/player_ways.ts";
import type { Store } from "#store/store.ts";

export interface Runtime {
  readonly release: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly digest: Digest;
  readonly transport: Transport;
  /** For a cluster with TLS. */
  readonly secureTransport?: SecureTransport;
  readonly files: Files;
  readonly acquireLock: AcquireLock;
  /** Throws StoreError. `isShared`: other processes of this machine write it too. */
  readonly openStore: (path: string, options?: { readonly isShared: boolean }) => Store;
  /** Where there is no store: an audit trail by itself, in this folder. Throws TrailError. */
  readonly openTrail?: (folder: string) => Trail;
  /** Connections of all kinds that the process may have open; unknown: as many as there come. */
  readonly connsMax?: number;
  readonly serveHttp: ServeHttp;
  /** For gateways that players come in through. */
  readonly listenPlayers?: ListenPlayers;
  /** For those whose players come in with TLS. */
  readonly securePlayers?: SecurePlayers;
  readonly loadModule: (
    path: string,
  ) => Promise<{ readonly kind: "ok"; readonly module: Module } | { readonly kind: "failed"; readonly reason: string }>;
  /** For the metrics; without it they say nothing of the process. */
  readonly usage?: ReadUsage;
  /** For what waits to be sent by all nodes of this process; without it each node has one of its own. */
  readonly budget?: SendBudget;
  readonly environment: (name: string) => string | undefined;
  readonly logFor: (node: string) => Log;
}

/** Why a node could not be started: one line for people, and the exit code. */
export interface StartFailure {
  readonly kind: "failed";
  readonly code: number;
  readonly lines: readonly string[];
}

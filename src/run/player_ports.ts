/**
 * The ports that a gateway's players come in at: bound once, and bound again when they get another certificate. Who is in
 * stays: only what is being connected in that moment is refused, and tries again. Knows no certificate itself.
 *
 * Invariant: a port that is not bound has an alarm and a timer, or this is closed
 */

import type { Alarms } from "#base/alarms.ts";
import type { Clock, Timer } from "#base/clock.ts";
import { type Address, addressText, ListenError } from "#link/transport.ts";
import type { ListenPlayers, PlayerConn, PlayerConnHandler, PlayerListener } from "#session/player_conn.ts";
import type { PlayerWays } from "#session/player_ways.ts";
import { tcpListenPlayers } from "#session/tcp_players.ts";

/** Somebody else has taken the port in between: not likely, so not worth a backoff. */
const REBIND_MS = 1_000;

/** Keys of a `[[node]]`. */
type PortKey = "players" | "players_tcp";

interface Port {
  readonly key: PortKey;
  /** What is bound, or was and will be. */
  readonly address: Address;
  listener: PlayerListener | undefined;
  timer: Timer | undefined;
}

export interface PlayerPortsOptions {
  readonly clock: Clock;
  readonly alarms: Alarms;
  readonly webSocket: Address | undefined;
  readonly tcp: Address | undefined;
  readonly accept: (conn: PlayerConn) => PlayerConnHandler;
}

export class PlayerPorts {
  readonly #options: PlayerPortsOptions;
  readonly #ports: Port[] = [];
  #ways: PlayerWays;
  #isClosed = false;

  /** Throws ListenError; nothing is bound then. */
  constructor(ways: PlayerWays, options: PlayerPortsOptions) {
    this.#options = options;
    this.#ways = ways;
    try {
      this.#open("players", options.webSocket);
      this.#open("players_tcp", options.tcp);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  addressOf(key: PortKey): Address | undefined {
    return this.#ports.find((port) => port.key === key)?.address;
  }

  /** From now on players come in by these. */
  renew(ways: PlayerWays): void {
    if (this.#isClosed) return;
    this.#ways = ways;
    for (const port of this.#ports) {
      port.listener?.close();
      port.listener = undefined;
      this.#bindAgain(port);
    }
  }

  /** Accepts no more; connections that are open stay open. */
  close(): void {
    this.#isClosed = true;
    for (const port of this.#ports) {
      port.timer?.cancel();
      port.listener?.close();
    }
  }

  #open(key: PortKey, wanted: Address | undefined): void {
    if (wanted === undefined) return;
    const listener = this.#listen(key, wanted);
    this.#ports.push({ key, address: listener.address, listener, timer: undefined });
  }

  #bindAgain(port: Port): void {
    const { clock, alarms } = this.#options;
    port.timer?.cancel();
    const alarm = `players_port_closed:${port.key}`;
    try {
      port.listener = this.#listen(port.key, port.address);
      alarms.clear(alarm);
    } catch (error) {
      if (!(error instanceof ListenError)) throw error;
      alarms.raise(alarm, { address: addressText(port.address), reason: error.message });
      port.timer = clock.after(REBIND_MS, () => this.#bindAgain(port));
    }
  }

  #listen(key: PortKey, address: Address): PlayerListener {
    const { clock, accept } = this.#options;
    return this.#wayOf(key, address, clock)(address, accept);
  }

  #wayOf(key: PortKey, address: Address, clock: Clock): ListenPlayers {
    if (key === "players_tcp") return tcpListenPlayers(this.#ways.tcp, clock);
    if (this.#ways.webSocket !== undefined) return this.#ways.webSocket;
    throw new ListenError(`Cannot listen for players on ${addressText(address)}: this runtime has no WebSocket server`);
  }
}

/**
 * Takes conns on the addresses that this node listens on and runs the accepting handshake over them. Conns that
 * have not proved the key are few at any time: where there is no room (unproved.ts) the newcomer is refused unread.
 */

import { encodeRefuse } from "#wire/handshake.ts";
import { Kind } from "#wire/header.ts";
import type { NodeKey } from "#wire/role.ts";
import { hopFrame } from "./handshake.ts";
import { AcceptorHandshake } from "./handshake_acceptor.ts";
import { HandshakeConn } from "./handshake_conn.ts";
import type { Link } from "./link.ts";
import type { LinkContext } from "./link_context.ts";
import type { CloseReason, LinkRelation } from "./link_port.ts";
import type { LinkRegistry } from "./link_registry.ts";
import type { Address, Conn, ConnHandler, Listener, Transport } from "./transport.ts";
import { UnprovedConns } from "./unproved.ts";

const DEAF: ConnHandler = { data: () => {}, drained: () => {}, ended: () => {}, closed: () => {} };

export interface AcceptorOptions {
  readonly context: LinkContext;
  readonly transport: Transport;
  readonly registry: LinkRegistry;
  /** A link that was accepted has ended. */
  readonly ended: (link: Link, reason: CloseReason, detail: string) => void;
}

export class Acceptor {
  readonly #options: AcceptorOptions;
  readonly #listeners: Listener[] = [];
  /** Those that may still be refused or ended. */
  readonly #handshakes = new Set<HandshakeConn>();
  readonly #unproved: UnprovedConns;
  #isOpen = true;

  constructor(options: AcceptorOptions) {
    this.#options = options;
    this.#unproved = new UnprovedConns(options.context.clock);
  }

  /** Conns that are shaking hands or leaving after it. */
  get unprovedCount(): number {
    return this.#unproved.count;
  }

  /** Throws ListenError. */
  listen(address: Address): Address {
    const listener = this.#options.transport.listen(address, (conn) => this.#accept(conn));
    this.#listeners.push(listener);
    return listener.address;
  }

  /** No new links; those that are up stay. */
  stop(): void {
    this.#isOpen = false;
    for (const listener of this.#listeners.splice(0)) listener.close();
    for (const one of [...this.#handshakes]) one.refuse("draining", "this node takes no new links");
  }

  close(): void {
    this.stop();
    for (const one of [...this.#handshakes]) one.fail("stopping", "");
  }

  #accept(conn: Conn): ConnHandler {
    const { context } = this.#options;
    if (!this.#isOpen) return this.#turnAway(conn, "draining");
    if (!this.#unproved.makeRoom(conn.remote)) return this.#turnAway(conn, "too_many_links");
    const handshake: HandshakeConn = new HandshakeConn({
      context,
      conn,
      machine: new AcceptorHandshake(context.own, () => conn.peerNames),
      owner: {
        proved: (proved) => this.#proved(proved),
        refused: () => {},
        failed: (reason, detail) => {
          this.#handshakes.delete(handshake);
          this.#failed(conn, reason, detail);
        },
        released: () => {
          this.#handshakes.delete(handshake);
          this.#unproved.release(handshake);
        },
      },
    });
    this.#handshakes.add(handshake);
    this.#unproved.add(handshake);
    return handshake.stages;
  }

  /** Without a handler of its own, so that a flood costs nothing; the frame may be lost. */
  #turnAway(conn: Conn, reason: "draining" | "too_many_links"): ConnHandler {
    const { context } = this.#options;
    context.counters.add("link.closed:refused");
    context.counters.add(`link.refused:${reason}`);
    context.logLimit.warn("conn refused", { reason, remote: conn.remote });
    const header = { kind: Kind.refuse, source: context.own.self.key, target: 0 as NodeKey };
    conn.write(hopFrame(header, encodeRefuse(reason, "try again later")));
    conn.terminate();
    return DEAF;
  }

  #proved(handshake: HandshakeConn): void {
    const { registry, ended, context } = this.#options;
    const role = handshake.agreement?.peer.role;
    const relation: LinkRelation =
      role === "cross_gateway" && context.own.self.role === "cross_gateway" ? "peer" : "below";
    registry.offer(handshake, { relation, ended, admitted: () => {} });
  }

  #failed(conn: Conn, reason: CloseReason, detail: string): void {
    // A port check that opens and closes is nothing to tell anybody.
    if (reason === "peer_closed" || reason === "stopping" || reason === "replaced") return;
    this.#options.context.logLimit.warn("conn refused", { reason, remote: conn.remote, detail });
  }
}

/**
 * What a mesh is made of and what it tells.
 */

import type { LinkHubOptions } from "#link/hub.ts";
import type { CloseReason, PeerLink } from "#link/link_port.ts";
import type { Copy } from "#sync/state_types.ts";
import type { Identity } from "#wire/identity.ts";
import type { NodeId } from "#wire/role.ts";
import type { Report } from "#wire/sync_message.ts";
import type { ExitReason } from "./death_watch.ts";

export type MeshEvent =
  /** A link is up: its peer has proved who it is. */
  | { readonly kind: "connected"; readonly link: PeerLink }
  | { readonly kind: "disconnected"; readonly link: PeerLink; readonly reason: CloseReason }
  /** A node came into the directory, end to end. */
  | { readonly kind: "reachable"; readonly identity: Identity }
  | { readonly kind: "unreachable"; readonly identity: Identity }
  /** This shard node's own gateway stopped, came back as another process, or is dead. */
  | { readonly kind: "exit"; readonly reason: ExitReason; readonly gateway: NodeId }
  /** A node of our id that started earlier is alive: this process is to end. */
  | { readonly kind: "duplicate"; readonly target: NodeId; readonly detail: string };

/** State topics, for whoever keeps and owns them. Handlers must not throw. */
export interface TopicEvents {
  accepted(copy: Copy): void;
  dropped(topic: string): void;
  reported(report: Report): void;
}

/** A mesh has its links' options but their events, which it hears itself. */
export interface MeshOptions extends Omit<LinkHubOptions, "events"> {
  /** The shard gateway whose death matters to this node. */
  readonly gateway: NodeId | undefined;
  readonly topics: TopicEvents;
  /** A routed frame for this node. The view is valid until it returns. */
  readonly deliver: (buffer: Uint8Array, offset: number) => void;
}

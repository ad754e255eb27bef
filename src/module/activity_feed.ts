/**
 * What the module host needs of a node's activity replica: events by kind.
 */

import type { ActivityEvent, OpenedEvent } from "./module_node.ts";

export interface ActivityFeed {
  /** Once per term and life of the process; at once for what is open already. */
  opened(kind: string, listener: (event: OpenedEvent) => void): void;
  closed(kind: string, listener: (event: ActivityEvent) => void): void;
  open(kind: string): readonly ActivityEvent[];
}

/**
 * A lock on a data folder as an argument, so that two processes cannot own one node id. Held by the operating
 * system for the process: it ends with it, however that ends.
 */

export interface HeldLock {
  /** Harmless when it was released before. */
  release(): void;
}

export type LockResult =
  | { readonly kind: "held"; readonly lock: HeldLock }
  /** Another one has it; `by` is for people, e.g. "process 4711 since 2026-11-23T08:00:00.000Z". */
  | { readonly kind: "taken"; readonly by: string }
  | { readonly kind: "failed"; readonly reason: string };

/** `folder` must exist. Never waits. */
export type AcquireLock = (folder: string) => LockResult;

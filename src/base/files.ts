/**
 * Small files as an argument: config, keys, tokens. Synchronous, for the start of a process; data goes through
 * store/. Everyday outcomes are returned.
 */

export type ReadResult =
  | { readonly kind: "ok"; readonly text: string; readonly isPrivate: boolean }
  | { readonly kind: "absent" }
  /** It is there and cannot be read, or is larger than it may be. */
  | { readonly kind: "failed"; readonly reason: string };

export type WriteResult =
  | { readonly kind: "ok" }
  /** `createSecret` only: it was there already and is untouched. */
  | { readonly kind: "exists" }
  | { readonly kind: "failed"; readonly reason: string };

export interface Files {
  /** At most 1 MiB of UTF-8. `isPrivate`: nobody but its owner can read it. */
  readText(path: string): ReadResult;
  /** Creates it whole, with mode 0600, or not at all; makes the folders above it. */
  createSecret(path: string, text: string): WriteResult;
  /** Makes the folder, and those above it, and proves that files can be written there. */
  ensureFolder(path: string): Exclude<WriteResult, { readonly kind: "exists" }>;
}

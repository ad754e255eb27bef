/**
 * Who has applied what, cheaply: from the `applied/<gateway>` news, one digest per gateway and its exceptions,
 * compared with this node's own. Pure; `refresh` is called once per heartbeat interval.
 */

import type { Applied, AppliedException } from "#sync/applied.ts";
import type { NodeKey } from "#wire/role.ts";
import type { Directory } from "./directory.ts";

export interface AppliedState {
  readonly current: boolean;
  /** Wall clock since when it is not, as far as it was seen here. */
  readonly behindSinceMs: number | undefined;
}

export class AppliedView {
  readonly #directory: Directory;
  readonly #ownDigest: () => bigint;
  readonly #words = new Map<NodeKey, Applied>();
  #behind = new Map<NodeKey, number>();

  constructor(options: { readonly directory: Directory; readonly ownDigest: () => bigint }) {
    this.#directory = options.directory;
    this.#ownDigest = options.ownDigest;
  }

  /** What a gateway says of its nodes; undefined when it is heard no more. */
  word(gateway: NodeKey, word: Applied | undefined): void {
    if (word === undefined) this.#words.delete(gateway);
    else this.#words.set(gateway, word);
  }

  refresh(wallMs: number): void {
    const behind = new Map<NodeKey, number>();
    for (const entry of this.#directory.entries()) {
      const key = entry.identity.key;
      if (this.#digestOf(key) === this.#ownDigest()) continue;
      behind.set(key, this.#behind.get(key) ?? this.#exception(key)?.sinceMs ?? wallMs);
    }
    this.#behind = behind;
  }

  stateOf(key: NodeKey): AppliedState {
    if (this.#digestOf(key) === this.#ownDigest()) return { current: true, behindSinceMs: undefined };
    return { current: false, behindSinceMs: this.#behind.get(key) };
  }

  /** Have all of these gateways and their nodes what this node has? For tombstones whose time is over. */
  allCurrent(gateways: readonly NodeKey[]): boolean {
    return gateways.every((key) => {
      const word = this.#words.get(key);
      return word !== undefined && word.digest === this.#ownDigest() && word.exceptions.length === 0;
    });
  }

  #digestOf(key: NodeKey): bigint | undefined {
    const gateway = this.#directory.get(key)?.gateway.key;
    const word = gateway === undefined ? undefined : this.#words.get(gateway);
    return this.#exception(key)?.digest ?? word?.digest;
  }

  #exception(key: NodeKey): AppliedException | undefined {
    const gateway = this.#directory.get(key)?.gateway.key;
    const word = gateway === undefined ? undefined : this.#words.get(gateway);
    return word?.exceptions.find((exception) => exception.node === key);
  }
}

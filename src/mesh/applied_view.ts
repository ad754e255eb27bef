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

/** No link has this one: a gateway's word about its own nodes. */
const OWN_SERIAL = 0;

export class AppliedView {
  readonly #directory: Directory;
  readonly #ownDigest: () => bigint;
  readonly #own: () => { readonly gateway: NodeKey; readonly word: Applied } | undefined;
  /** Per gateway, what each link has said last of it; the link that spoke last comes last and counts. */
  readonly #words = new Map<NodeKey, Map<number, Applied>>();
  #behind = new Map<NodeKey, number>();

  constructor(options: {
    readonly directory: Directory;
    readonly ownDigest: () => bigint;
    /** On a gateway: what it says of its own nodes. Asked once per refresh. */
    readonly own?: () => { readonly gateway: NodeKey; readonly word: Applied } | undefined;
  }) {
    this.#directory = options.directory;
    this.#ownDigest = options.ownDigest;
    this.#own = options.own ?? ((): undefined => undefined);
  }

  /** What a gateway says of its nodes, as that link passes it on; undefined when it is heard there no more. */
  word(gateway: NodeKey, word: Applied | undefined, serial = OWN_SERIAL): void {
    const words = this.#words.get(gateway) ?? new Map<number, Applied>();
    words.delete(serial);
    if (word !== undefined) words.set(serial, word);
    if (words.size === 0) this.#words.delete(gateway);
    else this.#words.set(gateway, words);
  }

  /** Nothing that this link has said counts any more. */
  linkDown(serial: number): void {
    for (const gateway of [...this.#words.keys()]) this.word(gateway, undefined, serial);
  }

  refresh(wallMs: number): void {
    const own = this.#own();
    if (own !== undefined) this.word(own.gateway, own.word);
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
      const word = this.#wordOf(key);
      return word !== undefined && word.digest === this.#ownDigest() && word.exceptions.length === 0;
    });
  }

  #wordOf(gateway: NodeKey | undefined): Applied | undefined {
    const words = gateway === undefined ? undefined : this.#words.get(gateway);
    return words === undefined ? undefined : [...words.values()].at(-1);
  }

  #digestOf(key: NodeKey): bigint | undefined {
    return this.#exception(key)?.digest ?? this.#wordOf(this.#directory.get(key)?.gateway.key)?.digest;
  }

  #exception(key: NodeKey): AppliedException | undefined {
    const word = this.#wordOf(this.#directory.get(key)?.gateway.key);
    return word?.exceptions.find((exception) => exception.node === key);
  }
}

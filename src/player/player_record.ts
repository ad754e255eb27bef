/**
 * A player's data as the node that owns it holds it: pure. Nothing of it is changed in place; a change makes another one.
 */

export interface UniqueItem {
  /** 32 hex digits, never given twice. */
  readonly id: string;
  readonly item: string;
  /** Plain data. */
  readonly data: unknown;
}

export type Profile = Readonly<Record<string, unknown>>;

export interface PlayerRecord {
  readonly player: string;
  /** Grows whenever a node takes the player over: a save with an older one is refused. */
  readonly epoch: number;
  /** Grows with every change. */
  readonly version: number;
  readonly profile: Profile;
  /** Places of the bag. */
  readonly capacity: number;
  /** Currencies and stacks, by item; none is 0. */
  readonly counts: ReadonlyMap<string, number>;
  /** By id. */
  readonly uniques: ReadonlyMap<string, UniqueItem>;
  /** Of the newest row of the ledger; 0: there is none. */
  readonly ledgerNumber: number;
}

/** The same for others: a module, a client, an operator. */
export interface PlayerView {
  readonly player: string;
  readonly version: number;
  readonly profile: Profile;
  readonly bag: {
    readonly capacity: number;
    /** Places that are taken. */
    readonly used: number;
    /** Currencies and stacks, by name. */
    readonly items: readonly { readonly item: string; readonly count: number }[];
    readonly uniques: readonly UniqueItem[];
  };
}

export const BAG_CAPACITY = 200;
export const BAG_CAPACITY_MAX = 2_000;
/** Different currencies and stacks of one player. */
export const ITEMS_OWNED_MAX = 4_000;
/** Encoded, of the names of all currencies and stacks of one player. */
export const ITEM_NAMES_SIZE_MAX = 256 * 1024;
/** Of one currency or stack. */
export const COUNT_MAX = 1_000_000_000_000_000;
/** Encoded, with the names of its fields. */
export const PROFILE_SIZE_MAX = 32 * 1024;
/** Encoded, of one unique item. */
export const UNIQUE_SIZE_MAX = 4 * 1024;
/** Encoded, of all unique items of one player: with all else, a view fits into one message. */
export const UNIQUES_SIZE_MAX = 512 * 1024;

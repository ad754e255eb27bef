/**
 * What the items of a game are, as its modules declare them: a currency, something that is stacked, or things of which
 * each is one of its own. An item that nobody has declared is stacked, all of it in one place of the bag.
 */

import { ITEM_COUNT_MAX, KEY_PART_LENGTH_MAX } from "#delivery/reward.ts";

export const ITEM_LENGTH_MAX = KEY_PART_LENGTH_MAX;

export type ItemKind =
  /** Takes no place in the bag. */
  | { readonly kind: "currency" }
  /** One place of the bag for each begun `stackMax` of it; ITEM_COUNT_MAX if not given. */
  | { readonly kind: "stack"; readonly stackMax?: number }
  /** Each has an id and data of its own, and a place in the bag. */
  | { readonly kind: "unique" };

const UNDECLARED: ItemKind = { kind: "stack" };

export class ItemKinds {
  readonly #byName = new Map<string, ItemKind>();

  /** Throws TypeError for a name or a kind that can't be, and for an item that is declared twice. */
  add(items: Readonly<Record<string, ItemKind>>): void {
    for (const [item, kind] of Object.entries(items)) {
      const fault = faultOf(item, kind);
      if (fault !== undefined) throw new TypeError(`Cannot declare item "${item}": ${fault}`);
      if (this.#byName.has(item)) throw new TypeError(`Cannot declare item "${item}": it is declared already`);
      this.#byName.set(item, kind);
    }
  }

  of(item: string): ItemKind {
    return this.#byName.get(item) ?? UNDECLARED;
  }

  /** Places of the bag that `count` of it take. */
  places(item: string, count: number): number {
    const kind = this.of(item);
    if (kind.kind === "currency") return 0;
    return kind.kind === "unique" ? count : Math.ceil(count / (kind.stackMax ?? ITEM_COUNT_MAX));
  }
}

function faultOf(item: string, kind: ItemKind): string | undefined {
  if (item.length === 0 || item.length > ITEM_LENGTH_MAX) {
    return `its name has ${item.length} characters, allowed are 1 to ${ITEM_LENGTH_MAX}`;
  }
  if (!["currency", "stack", "unique"].includes(kind.kind)) {
    return `kind is ${String(kind.kind)}, allowed are currency, stack and unique`;
  }
  if (kind.kind !== "stack" || kind.stackMax === undefined) return undefined;
  const { stackMax } = kind;
  if (Number.isSafeInteger(stackMax) && stackMax >= 1 && stackMax <= ITEM_COUNT_MAX) return undefined;
  return `stackMax is ${stackMax}, allowed is an integer from 1 to ${ITEM_COUNT_MAX}`;
}

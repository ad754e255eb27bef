/**
 * What only one entry of the cluster file may have: a node id, a port of a machine, the place of a shard's gateway
 * or center.
 *
 * The file does not name machines. Two nodes whose `address` was given and differs in its host run on two; all
 * others are taken to share one.
 */

import { type Address, addressText } from "#link/transport.ts";
import type { Role } from "#wire/role.ts";
import { isWildcard } from "./address.ts";
import { shown } from "./fault.ts";
import type { Candidate, Report } from "./nodes.ts";

interface Bind {
  readonly place: string;
  readonly owner: Candidate;
  readonly address: Address;
}

/** Roles of which a shard has one. */
const ONCE_PER_SHARD: readonly Role[] = ["gateway", "center"];

export function takenTwice(all: readonly Candidate[], fault: Report): void {
  once(
    all,
    (each) => each.id,
    (each, first) => {
      fault(`${each.place}.id`, `${each.number}, and ${first.place} is ${first.id} already`, "an id of its own");
    },
  );
  const oncePerShard = all.filter((each) => ONCE_PER_SHARD.includes(each.role) && each.shard > 0);
  once(
    oncePerShard,
    (each) => `${each.role} ${each.shard}`,
    (each, first) => {
      if (each.id === first.id) return;
      const found = `shard ${each.shard}, and ${first.place} is its ${each.role} already (${first.id})`;
      fault(`${each.place}.shard`, found, `one ${each.role} in a shard`);
    },
  );
  const dialled = all.flatMap((each) =>
    each.address === undefined ? [] : [{ each, text: addressText(each.address) }],
  );
  once(
    dialled,
    ({ text }) => text,
    ({ each, text }, first) => {
      // Where both were taken from `listen` that is the place to say it, and bindTwice does.
      if (!each.addressGiven && !first.each.addressGiven) return;
      fault(`${each.place}.address`, `${shown(text)}, used by ${first.each.place} already`, "an address of its own");
    },
  );
  bindTwice(all, fault);
}

function bindTwice(all: readonly Candidate[], fault: Report): void {
  const byPort = new Map<number, Bind[]>();
  for (const owner of all) {
    for (const [key, address] of [
      ["listen", owner.listen],
      ["admin", owner.admin],
      ["players", owner.players],
      ["players_tcp", owner.playersTcp],
    ] as const) {
      if (address === undefined) continue;
      const bind: Bind = { place: `${owner.place}.${key}`, owner, address };
      const others = byPort.get(address.port) ?? [];
      const first = others.find((other) => collide(bind, other));
      if (first === undefined) byPort.set(address.port, [...others, bind]);
      else {
        const same =
          addressText(first.address) === addressText(address) ? "" : ` as ${shown(addressText(first.address))}`;
        const user = first.owner === owner ? first.place : first.owner.place;
        fault(bind.place, `${shown(addressText(address))}, used by ${user} already${same}`, "an address of its own");
      }
    }
  }
}

function collide(a: Bind, b: Bind): boolean {
  const apart = a.owner.addressGiven && b.owner.addressGiven && a.owner.address?.host !== b.owner.address?.host;
  if (apart) return false;
  return a.address.host === b.address.host || isWildcard(a.address.host) || isWildcard(b.address.host);
}

function once<T>(all: readonly T[], keyOf: (each: T) => string, again: (each: T, first: T) => void): void {
  const firsts = new Map<string, T>();
  for (const each of all) {
    const key = keyOf(each);
    const first = firsts.get(key);
    if (first === undefined) firsts.set(key, each);
    else again(each, first);
  }
}

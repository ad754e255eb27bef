/**
 * What a browser asks of a game: a player's `user` node counts what the player adds, each key once, and may hold an answer
 * back until somebody wants it released; the `center` tells everybody.
 */

import { contract, module, v } from "kuafu";

export const Strongbox = contract("strongbox", {
  add: {
    id: 3400,
    players: "user",
    /** An empty key is none. */
    request: v.strictObject({ key: v.string(), isHeld: v.boolean() }),
    reply: v.strictObject({ total: v.number() }),
  },
  read: {
    id: 3401,
    players: "user",
    idempotent: true,
    request: v.strictObject({}),
    reply: v.strictObject({ total: v.number() }),
  },
  release: {
    id: 3402,
    players: "user",
    request: v.strictObject({}),
    reply: v.strictObject({ released: v.number() }),
  },
  tell: {
    id: 3403,
    players: "center",
    request: v.strictObject({ text: v.string() }),
    reply: v.strictObject({ told: v.number() }),
  },
});

interface Box {
  total: number;
  readonly known: Map<string, number>;
}

export default module("strongbox", { players: [Strongbox] }, (node) => {
  node.on("user", () => {
    const boxes = new Map<string, Box>();
    const held: (() => void)[] = [];
    const boxOf = (player: string): Box => {
      const box = boxes.get(player) ?? { total: 0, known: new Map() };
      boxes.set(player, box);
      return box;
    };
    node.onPlayer(Strongbox.add, async ({ player }, { key, isHeld }) => {
      const box = boxOf(player);
      const known = box.known.get(key);
      if (known !== undefined) return { total: known };
      box.total += 1;
      const { total } = box;
      if (key !== "") box.known.set(key, total);
      if (isHeld) {
        const released = new Promise<void>((resolve) => held.push(resolve));
        await node.push({ players: [player], type: "added", body: { total } });
        await released;
      }
      return { total };
    });
    node.onPlayer(Strongbox.read, ({ player }) => ({ total: boxOf(player).total }));
    node.onPlayer(Strongbox.release, () => {
      const waiting = held.splice(0);
      for (const release of waiting) release();
      return { released: waiting.length };
    });
  });
  node.on("center", () => {
    node.onPlayer(Strongbox.tell, (_sender, { text }) => node.push({ type: "told", body: { text } }));
  });
});

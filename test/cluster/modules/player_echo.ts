/**
 * What a benchmark asks of a game: a player's `user` node says back what they say, and the `center` tells everybody.
 */

import { contract, module, v } from "kuafu";

export const Echo = contract("player_echo", {
  echo: {
    id: 3300,
    players: "user",
    request: v.strictObject({ text: v.string() }),
    reply: v.strictObject({ text: v.string() }),
  },
  tell: {
    id: 3301,
    players: "center",
    request: v.strictObject({ text: v.string() }),
    reply: v.strictObject({ told: v.number() }),
  },
});

export default module("player_echo", { players: [Echo] }, (node) => {
  node.on("user", () => {
    node.onPlayer(Echo.echo, (_sender, { text }) => ({ text }));
  });
  node.on("center", () => {
    node.onPlayer(Echo.tell, (_sender, { text }) => node.push({ type: "told", body: { text } }));
  });
});

/**
 * The activity kind `plain`: any config, no code of its own. Shards hear it open and close, which is all that
 * a banner, a double-reward weekend or a first try needs.
 */

import type { Module } from "kuafu";
import { activity, module, v } from "kuafu";

export const plain = activity("plain", {
  config: v.pipe(
    v.unknown(),
    v.check((config) => !Array.isArray(config), "must be an object"),
    v.record(v.string(), v.unknown()),
  ),
});

export const plainModule: Module = module("plain", { activities: [plain] }, (node) => {
  const terms = node.activity(plain);
  terms.opened((term) => node.log.debug("plain activity opened", { activity: term.id, resumed: term.resumed }));
  terms.closed((term) => node.log.debug("plain activity closed", { activity: term.id }));
});

/**
 * Role `center`: what a shard has once: guild, arena, mail, chat, and its copy of the activities
 */

import { referenceModules } from "#game/reference_modules.ts";
import type { RoleSpec } from "#module/role_spec.ts";

export const center: RoleSpec = {
  role: "center",
  purpose: "what a shard has once: guild, arena, mail, chat, and its copy of the activities",
  deathPolicy: "exit",
  parts: ["logins", "inbox"],
  modules: referenceModules,
};

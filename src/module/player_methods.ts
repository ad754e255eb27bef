/**
 * The methods that players may call, by id: what modules have declared in their `players` contracts. The gateway of a
 * shard checks a request by them at the door, and knows from them which role serves it.
 */

import { safeParse } from "valibot";
import type { Method, PlayerRole } from "#rpc/contract.ts";
import { ContractError, PLAYER_ROLES } from "#rpc/contract.ts";
import { issueText } from "#rpc/issue_text.ts";
import { METHOD_TEAM_MIN } from "#wire/limits.ts";

export interface PlayerMethod {
  readonly method: Method;
  readonly role: PlayerRole;
}

export type CheckedRequest =
  | { readonly kind: "ok"; readonly role: PlayerRole; readonly body: unknown }
  | { readonly kind: "refused"; readonly code: "UNKNOWN_METHOD" | "INVALID"; readonly detail: string };

export class PlayerMethods {
  readonly #byId = new Map<number, PlayerMethod>();

  /** Takes the methods of a contract that say which role serves players. Throws ContractError. */
  add(contract: Readonly<Record<string, Method>>): void {
    for (const method of Object.values(contract)) {
      const { players: role } = method;
      if (role === undefined) continue;
      if (!PLAYER_ROLES.includes(role)) {
        const allowed = PLAYER_ROLES.join(", ");
        throw new ContractError(`Cannot serve players: ${method.name} is for ${String(role)}, allowed is ${allowed}`);
      }
      if (method.id < METHOD_TEAM_MIN) {
        throw new ContractError(
          `Cannot serve players: id of ${method.name} is ${method.id}, allowed from ${METHOD_TEAM_MIN}`,
        );
      }
      const other = this.#byId.get(method.id)?.method;
      if (other !== undefined && other !== method) {
        throw new ContractError(`Cannot serve players: id ${method.id} of ${method.name} is that of ${other.name}`);
      }
      this.#byId.set(method.id, { method, role });
    }
  }

  get(id: number): PlayerMethod | undefined {
    return this.#byId.get(id);
  }

  /** A request as the handler is to get it, or why it is none. */
  check(id: number, body: unknown): CheckedRequest {
    const found = this.#byId.get(id);
    if (found === undefined) {
      return { kind: "refused", code: "UNKNOWN_METHOD", detail: `players may not call method ${id}` };
    }
    const parsed = safeParse(found.method.request, body);
    if (parsed.success) return { kind: "ok", role: found.role, body: parsed.output };
    return { kind: "refused", code: "INVALID", detail: issueText(parsed.issues[0], "body") };
  }
}

/**
 * Contracts: methods declared once as data, which gives a typed caller and a typed server.
 * Ids are unique in a cluster: below METHOD_TEAM_MIN they are the runtime's own.
 */

import type { BaseIssue, BaseSchema, InferInput, InferOutput } from "valibot";
import { METHOD_MAX } from "#wire/limits.ts";

/** A valibot schema of any input and output. */
export type Schema = BaseSchema<unknown, unknown, BaseIssue<unknown>>;

/** Roles that serve players: `user` and `center` are found by the player alone, `map` is the one that the player is in. */
export const PLAYER_ROLES = ["user", "center", "map"] as const;
export type PlayerRole = (typeof PLAYER_ROLES)[number];

export interface MethodDeclaration<Request extends Schema = Schema, Reply extends Schema = Schema> {
  /** METHOD_TEAM_MIN to METHOD_MAX for a team's own. */
  readonly id: number;
  readonly request: Request;
  readonly reply: Reply;
  /** Executing it twice is as good as once: it may be tried again after LINK_LOST or DEADLINE. */
  readonly idempotent?: boolean;
  /**
   * Players may ask for it: their shard's gateway checks the request and hands it to the player's node of this role. Its
   * contract is among the `players` of its module.
   */
  readonly players?: PlayerRole;
  /** Served by a node that is leaving too; others are answered with DRAINING there. */
  readonly whileDraining?: boolean;
}

/** A method with its place in a contract: what `call` and `cast` take. */
export interface Method<Request extends Schema = Schema, Reply extends Schema = Schema> extends MethodDeclaration<
  Request,
  Reply
> {
  /** `contract.method`, for people. */
  readonly name: string;
}

export type Contract<Methods extends Record<string, MethodDeclaration>> = {
  readonly [Name in keyof Methods]: Method<Methods[Name]["request"], Methods[Name]["reply"]>;
};

/** What is only read may be passed where the schema's type is mutable. */
type Read<T> = T extends Uint8Array | ((...args: never) => unknown)
  ? T
  : T extends readonly (infer Item)[]
    ? readonly Read<Item>[]
    : T extends object
      ? { readonly [Key in keyof T]: Read<T[Key]> }
      : T;

/** What the caller passes: the schema's input. */
export type RequestOf<M extends Method> = Read<InferInput<M["request"]>>;
/** What the handler gets: the schema's output. */
export type HeardRequestOf<M extends Method> = InferOutput<M["request"]>;
export type ReplyOf<M extends Method> = InferOutput<M["reply"]>;
/** What the handler returns. */
export type AnswerOf<M extends Method> = Read<InferInput<M["reply"]>>;

/** A fault in a contract's declaration: a bug of whoever wrote it. */
export class ContractError extends Error {
  override readonly name = "ContractError";
}

/**
 * Declares a contract. `name` is [a-z][a-z0-9_]*.
 * Throws ContractError when an id is out of range or used twice in it.
 */
export function contract<const Methods extends Record<string, MethodDeclaration>>(
  name: string,
  methods: Methods,
): Contract<Methods> {
  if (!/^[a-z][a-z0-9_]*$/.test(name)) {
    throw new ContractError(`Cannot declare contract: name is "${name}", allowed is [a-z][a-z0-9_]*`);
  }
  const used = new Map<number, string>();
  const out: Record<string, Method> = {};
  for (const [key, method] of Object.entries(methods)) {
    if (!Number.isInteger(method.id) || method.id < 1 || method.id > METHOD_MAX) {
      throw new ContractError(`Cannot declare ${name}.${key}: id is ${method.id}, allowed is 1 to ${METHOD_MAX}`);
    }
    const other = used.get(method.id);
    if (other !== undefined) {
      throw new ContractError(`Cannot declare ${name}.${key}: id ${method.id} is used by ${name}.${other} already`);
    }
    used.set(method.id, key);
    out[key] = { ...method, name: `${name}.${key}` };
  }
  return out as Contract<Methods>;
}

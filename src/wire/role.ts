/**
 * Roles and node ids: names for people, numbers for the wire, keys for maps.
 * A node key is role * 2^32 + number, a safe integer, so that the forwarding path builds no strings.
 */

export const ROLE_NUMBERS = {
  gateway: 1,
  user: 2,
  center: 3,
  map: 4,
  cross_gateway: 5,
  cross_center: 6,
  cross_map: 7,
  statistic: 8,
  admin: 9,
} as const;

export type Role = keyof typeof ROLE_NUMBERS;
export type Tier = "shard" | "cross" | "edge";

/** `role:number`, e.g. "center:3". */
export type NodeId = string & { readonly nodeId: unique symbol };
/** role * 2^32 + number. */
export type NodeKey = number & { readonly nodeKey: unique symbol };

/** In a target's number: every node of that role. */
export const NUMBER_EVERY = 0xffff_ffff;
/** Highest number that a node may have. */
export const NUMBER_MAX = 0xffff_fff0;

const NAMES = new Map<number, Role>((Object.keys(ROLE_NUMBERS) as Role[]).map((role) => [ROLE_NUMBERS[role], role]));
export const ROLES: readonly Role[] = [...NAMES.values()];

const TIERS: Record<Role, Tier> = {
  gateway: "shard",
  user: "shard",
  center: "shard",
  map: "shard",
  cross_gateway: "cross",
  cross_center: "cross",
  cross_map: "cross",
  statistic: "cross",
  admin: "edge",
};

export function tierOf(role: Role): Tier {
  return TIERS[role];
}

export function isRole(name: string): name is Role {
  return Object.hasOwn(ROLE_NUMBERS, name);
}

/** The role with this number on the wire, or undefined when this release does not know it. */
export function roleOfNumber(wireNumber: number): Role | undefined {
  return NAMES.get(wireNumber);
}

/** True for a role that accepts links: the two kinds of gateway. */
export function acceptsLinks(role: Role): boolean {
  return role === "gateway" || role === "cross_gateway";
}

export function nodeId(role: Role, number: number): NodeId {
  return `${role}:${number}` as NodeId;
}

export function nodeKey(role: Role, number: number): NodeKey {
  return (ROLE_NUMBERS[role] * 0x1_0000_0000 + number) as NodeKey;
}

export function wireKey(roleNumber: number, number: number): NodeKey {
  return (roleNumber * 0x1_0000_0000 + number) as NodeKey;
}

/** The wire number of the role in a key. */
export function roleNumberOfKey(key: NodeKey): number {
  return Math.floor(key / 0x1_0000_0000);
}

export function roleOfKey(key: NodeKey): Role | undefined {
  return roleOfNumber(roleNumberOfKey(key));
}

export function numberOfKey(key: NodeKey): number {
  return key % 0x1_0000_0000;
}

/** For people; a role that this release does not know shows as its number. */
export function idOfKey(key: NodeKey): NodeId {
  return `${roleOfKey(key) ?? `role_${roleNumberOfKey(key)}`}:${numberOfKey(key)}` as NodeId;
}

/** Undefined unless the text is `role:number` with a known role and a number in [1, NUMBER_MAX]. */
export function parseNodeId(text: string): { readonly role: Role; readonly number: number } | undefined {
  const match = /^([a-z_]+):([1-9][0-9]{0,9})$/.exec(text);
  if (match === null) return undefined;
  const role = match[1] ?? "";
  const number = Number(match[2]);
  if (!isRole(role) || number > NUMBER_MAX) return undefined;
  return { role, number };
}

export function keyOfId(id: NodeId): NodeKey {
  const parsed = parseNodeId(id);
  return parsed === undefined ? (0 as NodeKey) : nodeKey(parsed.role, parsed.number);
}

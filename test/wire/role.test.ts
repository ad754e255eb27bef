import { describe, expect, test } from "#test";
import { callerTag, identity } from "#wire/identity.ts";
import {
  NUMBER_EVERY,
  NUMBER_MAX,
  ROLES,
  ROLE_NUMBERS,
  acceptsLinks,
  idOfKey,
  isRole,
  keyOfId,
  nodeId,
  nodeKey,
  numberOfKey,
  parseNodeId,
  roleNumberOfKey,
  roleOfKey,
  roleOfNumber,
  tierOf,
  wireKey,
} from "#wire/role.ts";

describe("roles", () => {
  test("have the numbers that the protocol gives them", () => {
    expect(ROLE_NUMBERS).toEqual({
      gateway: 1,
      user: 2,
      center: 3,
      map: 4,
      cross_gateway: 5,
      cross_center: 6,
      cross_map: 7,
      statistic: 8,
      admin: 9,
    });
    expect(ROLES).toEqual([
      "gateway",
      "user",
      "center",
      "map",
      "cross_gateway",
      "cross_center",
      "cross_map",
      "statistic",
      "admin",
    ]);
  });

  test("roleOfNumber() knows its own and no other", () => {
    for (const role of ROLES) expect(roleOfNumber(ROLE_NUMBERS[role])).toBe(role);
    for (const number of [0, 10, 127, 128, 255, 65_535]) expect(roleOfNumber(number)).toBeUndefined();
  });

  test("isRole() is not fooled by names that every object has", () => {
    expect(isRole("map")).toBe(true);
    for (const name of ["toString", "constructor", "__proto__", "", "Map"]) expect(isRole(name)).toBe(false);
  });

  test("tiers, and who accepts links", () => {
    expect(ROLES.map(tierOf)).toEqual(["shard", "shard", "shard", "shard", "cross", "cross", "cross", "cross", "edge"]);
    expect(ROLES.filter(acceptsLinks)).toEqual(["gateway", "cross_gateway"]);
  });
});

describe("node ids and keys", () => {
  test("a key gives back role and number, also at the ends of their ranges", () => {
    for (const role of ROLES) {
      for (const number of [1, 3, 0x7fff_ffff, 0x8000_0000, NUMBER_MAX, NUMBER_EVERY]) {
        const key = nodeKey(role, number);
        expect(Number.isSafeInteger(key)).toBe(true);
        expect([roleOfKey(key), numberOfKey(key), roleNumberOfKey(key)]).toEqual([role, number, ROLE_NUMBERS[role]]);
        expect(wireKey(ROLE_NUMBERS[role], number)).toBe(key);
      }
    }
    expect(Number.isSafeInteger(wireKey(0xffff, 0xffff_ffff))).toBe(true);
    expect(numberOfKey(wireKey(0xffff, 0xffff_ffff))).toBe(0xffff_ffff);
  });

  test("a role that is not known shows as its number", () => {
    expect(idOfKey(wireKey(200, 7))).toBe(
      nodeId("center", 7).replace("center", "role_200") as ReturnType<typeof nodeId>,
    );
    expect(idOfKey(nodeKey("cross_gateway", 1))).toBe(nodeId("cross_gateway", 1));
  });

  test("parseNodeId() takes role:number and nothing else", () => {
    expect(parseNodeId("center:3")).toEqual({ role: "center", number: 3 });
    expect(parseNodeId(`cross_map:${NUMBER_MAX}`)).toEqual({ role: "cross_map", number: NUMBER_MAX });
    const bad = [
      "",
      ":",
      "center",
      "center:",
      ":3",
      "center:0",
      "center:03",
      "center:-3",
      "center:3.0",
      "center: 3",
      "center:3 ",
      " center:3",
      "center:3\n",
      "Center:3",
      "centre:3",
      "center:1e3",
      "center:0x3",
      "center:3:4",
      `center:${NUMBER_MAX + 1}`,
      `center:${NUMBER_EVERY}`,
      "center:99999999999",
      "toString:1",
      "role_200:1",
    ];
    for (const text of bad) expect(parseNodeId(text)).toBeUndefined();
  });

  test("keyOfId() turns an id back into its key", () => {
    expect(keyOfId(nodeId("map", 302))).toBe(nodeKey("map", 302));
    expect(keyOfId("nobody" as ReturnType<typeof nodeId>) as number).toBe(0);
  });
});

describe("identity", () => {
  test("carries id and key, and its caller tag is the first 32 bits of the boot", () => {
    const boot = "f1b2c3d4e5f60718293a4b5c6d7e8f90";
    const self = identity({ role: "user", number: 901, shard: 9, boot, startedAtMs: 5 });
    expect(self).toEqual({
      id: nodeId("user", 901),
      key: nodeKey("user", 901),
      role: "user",
      number: 901,
      shard: 9,
      boot,
      startedAtMs: 5,
    });
    expect(callerTag(boot)).toBe(0xf1b2c3d4);
  });
});

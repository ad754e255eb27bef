import { encodeContent } from "#activity/content.ts";
import { RuntimeContract } from "#rpc/runtime_contract.ts";
import { hashOf } from "#sync/version.ts";
import { describe, expect, test } from "#test";
import { EPOCH_JUMP_MAX } from "#wire/limits.ts";
import { nodeKey } from "#wire/role.ts";
import { safeParse } from "valibot";
import { digest } from "../wire/digest.ts";
import { TOPIC, makeWorld, opened, scheduled } from "./fixture.ts";

const BYTES = encodeContent(opened(scheduled(), { term: "c".repeat(32), atMs: 5 }));
const VERSION = { epoch: 7, revision: 3, hash: hashOf(digest, BYTES) };

describe("ActivityOwner: adopts nothing that a node cannot hold", () => {
  const LIES = [
    ["an epoch that no owner can have taken", { ...VERSION, epoch: 2 + EPOCH_JUMP_MAX }],
    ["the last epoch, after which there is none", { ...VERSION, epoch: 0xffff_fffe }],
    ["another hash than its bytes have", { ...VERSION, hash: "ab".repeat(8) }],
  ] as const;
  for (const [what, version] of LIES) {
    test(`${what}: the orphan stays, and the next start is as good as ever`, async () => {
      const world = await makeWorld();
      const owner = await world.begin();
      await owner.reported({ topic: TOPIC, reporter: nodeKey("gateway", 3), claims: [VERSION] });
      expect((await owner.adopt(TOPIC, { bytes: BYTES, version })).kind).toBe("invalid");
      expect([owner.orphans().length, owner.epoch, world.published]).toEqual([1, 1, []]);
      expect((await world.begin()).epoch).toBe(2);
    });
  }

  test("versions are whole numbers of 32 bits before anybody looks at them", () => {
    const held = { ...VERSION, bytes: BYTES };
    const isTaken = (of: object): boolean =>
      safeParse(RuntimeContract.topicBytes.reply, { held: { ...held, ...of } }).success;
    expect([{}, { epoch: 0xffff_ffff }].map(isTaken)).toEqual([true, true]);
    const lies = [{ epoch: 1.5 }, { epoch: -1 }, { epoch: 2 ** 32 }, { revision: 0.5 }, { hash: "zz" }, { hash: "" }];
    expect(lies.map(isTaken)).toEqual(lies.map(() => false));
  });
});

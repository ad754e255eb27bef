import { describe, expect, test } from "#test";
import { Directory } from "#mesh/directory.ts";
import { FakeLink, key, node } from "./harness.ts";

describe("Directory: a listener that changes it", () => {
  test("hears of all changes in their order, and the last word is what is true", () => {
    const heard: string[] = [];
    const [first, second] = [new FakeLink("cross_gateway:1", "peer"), new FakeLink("cross_gateway:2", "peer")];
    const directory: Directory = new Directory({
      self: key("cross_gateway:3"),
      emit: ({ kind, identity }) => {
        const life = [node(identity.id, { boot: "old" }), node(identity.id, { boot: "new" })];
        const name = ["old", "new"][life.findIndex((one) => one.boot === identity.boot)] ?? "";
        heard.push(`${kind} ${name} ${identity.id}`);
        if (kind === "unreachable" && identity.id === "center:3") directory.linkDown(second);
      },
    });
    directory.linkUp(first);
    directory.linkUp(second);
    const word = (boot: string, startedAtMs: number) => ({
      hops: 1,
      nodes: [node("gateway:3"), node("center:3", { boot, startedAtMs })],
    });
    directory.word(first, "attached/gateway:3", word("new", 2));
    heard.length = 0;
    // An older life is seen on the second link, which goes while its news is told.
    directory.word(second, "attached/gateway:3", word("old", 1));
    expect(directory.get(key("center:3"))?.identity.boot).toBe(node("center:3", { boot: "new" }).boot);
    expect(heard).toEqual([
      "unreachable new center:3",
      "reachable old center:3",
      "unreachable  cross_gateway:2",
      "unreachable old center:3",
      "reachable new center:3",
    ]);
  });
});

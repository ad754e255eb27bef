import { describe, expect, test } from "#test";
import type { InferOutput } from "valibot";
import type { LinkStatus } from "#link/link_port.ts";
import { describeHop } from "#mesh/hop.ts";
import { explain } from "#rpc/explain.ts";
import { RuntimeContract } from "#rpc/runtime_contract.ts";
import { why } from "#rpc/why.ts";
import type { NodeId } from "#wire/role.ts";
import { RpcNetwork } from "./harness.ts";

const LINES = [
  "cross_gateway:1 cross_gateway:2",
  "gateway:3 cross_gateway:1",
  "gateway:4 cross_gateway:2",
  "center:3 gateway:3",
  "center:4 gateway:4",
  "cross_center:1 cross_gateway:1",
];

type TopicState = InferOutput<typeof RuntimeContract.topic.reply>;

function id(text: string): NodeId {
  return text as NodeId;
}

/** Every node answers `hop` as it really would, and `topic` as the test says. */
function network(
  options: { readonly silent?: readonly string[]; readonly topics?: Record<string, TopicState> } = {},
): RpcNetwork {
  const at = new RpcNetwork(LINES);
  for (const [name, endpoint] of at.endpoints) {
    if (options.silent?.includes(name) === true) continue;
    const { self, directory, router, links } = at.network.at(name);
    const status = (): LinkStatus[] =>
      [...links.values()].map((link) => ({
        peer: link.peer.id,
        relation: link.relation,
        address: "sim",
        state: "up",
        sinceMs: 0,
        attempt: 0,
        lastError: undefined,
        nextRetryMs: undefined,
        rttMs: undefined,
        queuedSize: 0,
        boot: link.peer.boot,
      }));
    const find = (key: number) => [...links.values()].find((link) => link.peer.key === key);
    endpoint.server.serve(RuntimeContract.hop, (question) =>
      describeHop({ self, directory, router, links: find, status }, question),
    );
    endpoint.server.serve(RuntimeContract.topic, () => options.topics?.[name] ?? { links: [] });
  }
  return at;
}

async function explained(at: RpcNetwork, from: string, to: string, asker = "cross_center:1") {
  let out: Awaited<ReturnType<typeof explain>> | undefined;
  void explain(at.at(asker).caller, { from: id(from), to: id(to) }).then((answer) => (out = answer));
  await at.run(1_600);
  if (out === undefined) throw new Error("explain has not ended");
  return { ...out, hops: out.hops.map((hop) => `${hop.at} > ${hop.next ?? "-"}: ${hop.state}`) };
}

describe("explain", () => {
  test("walks the path that a frame takes, hop by hop", async () => {
    expect(await explained(network(), "center:3", "center:4")).toEqual({
      from: id("center:3"),
      to: id("center:4"),
      reachable: true,
      hops: [
        "center:3 > gateway:3: up",
        "gateway:3 > cross_gateway:1: up",
        "cross_gateway:1 > cross_gateway:2: up",
        "cross_gateway:2 > gateway:4: up",
        "gateway:4 > center:4: up",
        "center:4 > -: this is the target",
      ],
      verdict: "center:4 answers, 5 links away from center:3",
    });
  });

  test("from a node to itself", async () => {
    const { reachable, hops, verdict } = await explained(network(), "center:3", "center:3");
    expect([reachable, hops, verdict]).toEqual([
      true,
      ["center:3 > -: this is the target"],
      "center:3 answers, 0 links away from center:3",
    ]);
  });

  test("says where it ends and why", async () => {
    const at = network();
    at.network.cut("gateway:4", "cross_gateway:2");
    await at.run();
    const { reachable, hops, verdict } = await explained(at, "center:3", "center:4");
    expect([reachable, hops.at(-1), verdict]).toEqual([
      false,
      "cross_gateway:1 > -: gateway:4 is not linked to any gateway that is known here",
      "cross_gateway:1 has no path to center:4: gateway:4 is not linked to any gateway that is known here",
    ]);
  });

  test("a node that cannot be reached cannot be asked, and that is said", async () => {
    const at = network();
    at.network.cut("center:3", "gateway:3");
    await at.run();
    expect(await explained(at, "center:3", "center:4")).toEqual({
      from: id("center:3"),
      to: id("center:4"),
      reachable: false,
      hops: ["center:3 > -: NO_ROUTE at cross_center:1, no path to center:3"],
      verdict: "center:3 cannot be asked: NO_ROUTE at cross_center:1, no path to center:3",
    });
  });

  test("a node that does not answer does not hold it up", async () => {
    const at = network({ silent: ["gateway:3"] });
    at.at("gateway:3").server.serve(RuntimeContract.hop, () => new Promise(() => {}));
    const { hops, verdict } = await explained(at, "center:3", "center:4");
    expect([hops.length, verdict]).toEqual([
      2,
      "gateway:3 cannot be asked: DEADLINE at cross_center:1, no reply in time",
    ]);
  });

  test("two nodes that would send to each other are no path", async () => {
    const at = network({ silent: ["gateway:3"] });
    at.at("gateway:3").server.serve(RuntimeContract.hop, () => ({
      at: id("gateway:3"),
      next: id("center:3"),
      state: "up",
      link: undefined,
    }));
    const { reachable, verdict } = await explained(at, "center:3", "center:4");
    expect([reachable, verdict]).toEqual([false, "gateway:3 would send back to center:3"]);
  });

  test("a path that never ends is given up", async () => {
    const at = network({ silent: [...new RpcNetwork(LINES).endpoints.keys()] });
    const many = [...at.endpoints.keys()];
    for (const [index, name] of many.entries()) {
      at.at(name).server.serve(RuntimeContract.hop, () => ({
        at: id(name),
        next: id(many[index + 1] ?? "admin:1"),
        state: "up",
        link: undefined,
      }));
    }
    const { reachable, hops, verdict } = await explained(at, "cross_gateway:1", "statistic:1");
    expect([reachable, hops.length]).toEqual([false, many.length + 1]);
    expect(verdict.startsWith("admin:1 cannot be asked: NO_ROUTE")).toEqual(true);
  });
});

const TOPIC = "activity/cross_center:1/boss";
const link = (peer: string, heard?: string, said?: string, waiting = false) => ({
  peer: id(peer),
  heard,
  said,
  waiting,
});
const holds = (version: string | undefined, ...links: ReturnType<typeof link>[]): TopicState => ({
  version,
  appliedAtMs: version === undefined ? undefined : 1,
  links,
});

/** The owner has 2.1 and has said so; where nothing else is given, so has everybody. */
function topics(over: Record<string, TopicState> = {}): Record<string, TopicState> {
  return {
    "cross_center:1": holds("2.1", link("cross_gateway:1", undefined, "2.1")),
    "cross_gateway:1": holds("2.1", link("cross_center:1", "2.1"), link("gateway:3", undefined, "2.1")),
    "gateway:3": holds("2.1", link("cross_gateway:1", "2.1"), link("center:3", undefined, "2.1")),
    "center:3": holds("2.1", link("gateway:3", "2.1")),
    ...over,
  };
}

async function asked(over: Record<string, TopicState>, prepare: (at: RpcNetwork) => void = () => {}) {
  const at = network({ topics: topics(over) });
  prepare(at);
  let out: Awaited<ReturnType<typeof why>> | undefined;
  const question = { topic: TOPIC, owner: id("cross_center:1"), node: id("center:3") };
  void why(at.at("cross_center:1").caller, question).then((answer) => (out = answer));
  await at.run(3_200);
  if (out === undefined) throw new Error("why has not ended");
  return out;
}

describe("why", () => {
  test("everybody has it", async () => {
    expect(await asked({})).toEqual({
      topic: TOPIC,
      node: id("center:3"),
      wanted: "2.1",
      hops: ["cross_center:1", "cross_gateway:1", "gateway:3", "center:3"].map((at) => ({
        at: id(at),
        version: "2.1",
        current: true,
        reason: "has it",
      })),
      firstLacking: undefined,
      verdict: "every hop up to center:3 has 2.1",
    });
  });

  test("the hop before has it waiting", async () => {
    const { firstLacking, verdict } = await asked({
      "cross_gateway:1": holds("2.1", link("cross_center:1", "2.1"), link("gateway:3", undefined, "1.9", true)),
      "gateway:3": holds("1.9", link("cross_gateway:1", "1.9"), link("center:3", undefined, "1.9")),
      "center:3": holds("1.9", link("gateway:3", "1.9")),
    });
    expect([firstLacking, verdict]).toEqual([
      id("gateway:3"),
      "gateway:3 lacks 2.1: cross_gateway:1 has it waiting in its send queue",
    ]);
  });

  test("it was said and not heard", async () => {
    const { verdict, hops } = await asked({
      "gateway:3": holds("1.9", link("cross_gateway:1", "1.9"), link("center:3", undefined, "1.9")),
      "center:3": holds("1.9", link("gateway:3", "1.9")),
    });
    expect(verdict).toEqual(
      "gateway:3 lacks 2.1: cross_gateway:1 said 2.1, it heard 1.9: on its way, or lost until the next heartbeat",
    );
    expect(hops.map((hop) => hop.current)).toEqual([true, true, false, false]);
  });

  test("it was heard and not applied", async () => {
    const { verdict } = await asked({ "center:3": holds("1.9", link("gateway:3", "2.1")) });
    expect(verdict).toEqual("center:3 lacks 2.1: it heard 2.1 from gateway:3 and has not applied it");
  });

  test("it holds nothing and has heard nothing", async () => {
    const { verdict } = await asked({ "center:3": holds(undefined, link("gateway:3")) });
    expect(verdict).toEqual(
      "center:3 lacks 2.1: gateway:3 said 2.1, it heard nothing: on its way, or lost until the next heartbeat",
    );
  });

  test("it has no link on which it could hear it", async () => {
    const { verdict } = await asked({ "center:3": holds("1.9") });
    expect(verdict).toEqual("center:3 lacks 2.1: it has no link to gateway:3 on which it hears this topic");
  });

  test("the owner does not hold it", async () => {
    const { wanted, hops, firstLacking, verdict } = await asked({ "cross_center:1": holds(undefined) });
    expect(hops.map(({ reason }) => reason)).toEqual([
      "has none",
      ...Array.from({ length: 3 }, () => "has 2.1, and cross_center:1 does not say which one is wanted"),
    ]);
    expect([wanted, firstLacking, verdict]).toEqual([
      undefined,
      id("cross_center:1"),
      `cross_center:1 does not hold ${TOPIC} itself, or cannot be asked`,
    ]);
  });

  test("a node that cannot be reached lacks it, and why it cannot", async () => {
    const { firstLacking, verdict } = await asked({}, (at) => {
      at.network.cut("gateway:3", "cross_gateway:1");
      at.network.run();
    });
    expect(firstLacking).toEqual(id("center:3"));
    expect(verdict).toEqual(
      "center:3 cannot be reached: cross_center:1 has no path to center:3: " +
        "gateway:3 is not linked to any gateway that is known here",
    );
  });

  test("a hop that does not answer is not waited for longer than its time", async () => {
    const { firstLacking, hops } = await asked({}, (at) => {
      at.at("gateway:3").server.drain();
      at.network.at("gateway:3").onDeliver = () => {};
    });
    expect([firstLacking, hops.at(-1)?.reason]).toEqual([
      id("gateway:3"),
      "cannot be asked: DEADLINE at cross_center:1, no reply in time",
    ]);
  });
});

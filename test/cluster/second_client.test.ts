/**
 * The second clients, in Python and in C, with a gateway of the compiled executable: they log in, ask, hear pushes, lose
 * their connection, come back, and ask again with a number that was answered.
 */

import { resolve } from "node:path";
import { describe, expect, test } from "#test";
import { PYTHON, startPython } from "../session/second/python_client.ts";
import type { ClientEvent, SecondClient } from "../session/second/second_client.ts";
import { COMPILER, startC } from "../session/second_c/c_client.ts";
import type { NodeSpec } from "./harness/cluster_file.ts";
import type { Ground } from "./harness/ground.ts";
import { clusterTest, endLeftClusters } from "./harness/ground.ts";
import { tokenOf } from "./harness/player_token.ts";
import { Satchel } from "./modules/satchel.ts";

endLeftClusters();

const SATCHEL = resolve(import.meta.dir, "modules/satchel.ts");
const NODES: readonly NodeSpec[] = [
  { id: "gateway:1", players: true, playersTcp: true },
  { id: "center:1" },
  { id: "user:101" },
];
const PUT = Satchel.put.id;
const SAY = Satchel.say.id;
/** More than may wait for their answers. */
const MANY = 60;

interface Players {
  readonly ann: SecondClient;
  readonly bob: SecondClient;
  readonly stranger: SecondClient;
}

type Body = (players: Players) => Promise<void>;
type Start = (to: { readonly port: number; readonly token: string }) => SecondClient;

/** Runs the body with players who use this client. */
interface Kind {
  readonly name: string;
  readonly enter: (ground: Ground, body: Body) => Promise<void>;
}

const PYTHON_KINDS = (["tcp", "ws"] as const).map((kind) => ({
  name: `in Python, over ${kind}`,
  enter: (ground: Ground, body: Body) => enter(ground, { kind, start: (to) => startPython(kind, to), body }),
}));
const C_KIND: Kind = {
  name: "in C, over tcp",
  enter: (ground, body) => enter(ground, { kind: "tcp", start: startC, body }),
};
const KINDS: readonly Kind[] = [
  ...(PYTHON === undefined ? [] : PYTHON_KINDS),
  ...(COMPILER === undefined ? [] : [C_KIND]),
];

describe("Second clients", () => {
  if (PYTHON === undefined) {
    test("the one in Python is left out where there is no python3", () => {
      console.log("skip: there is no python3, so the second client in Python did not log in");
      expect(Bun.which("python3")).toBeNull();
    });
  }
  if (COMPILER === undefined) {
    test("the one in C is left out where there is no compiler for it", () => {
      console.log("skip: there is no gcc or cc on Linux, so the second client in C did not log in");
      expect(process.platform === "linux" ? (Bun.which("gcc") ?? Bun.which("cc")) : null).toBeNull();
    });
  }

  for (const { name, enter: begin } of KINDS) {
    clusterTest(`${name}: asks, hears, is cut off, resumes and repeats, and nothing is done twice`, async (ground) => {
      await begin(ground, async ({ ann, bob }) => {
        ann.connect();
        const welcome = await ann.next("welcome");
        expect(welcome).toMatchObject({ player: "ann", resumed: false, answered: 0 });
        bob.connect();
        await bob.next("welcome");

        ann.request(put("apple"));
        ann.request(put(""));
        ann.request(put("bow"));
        expect(await ann.next("reply")).toEqual(putReply(1, ["apple"]));
        expect(await ann.next("error")).toMatchObject({ seq: 2, code: "INVALID", executed: false });
        expect(await ann.next("reply")).toEqual(putReply(3, ["apple", "bow"]));

        bob.request(say("hello"));
        expect(await ann.next("push")).toEqual(said(1, "bob", "hello"));
        await hasAcked(ann, 1);

        ann.cut();
        expect(await ann.next("closed")).toEqual({ event: "closed", why: "cut" });
        // One is asked and one is said while there is no connection.
        ann.request(put("cup"));
        bob.request(say("are you there?"));
        await bob.next("reply");
        await bob.next("reply");
        // It says that it has acked nothing: what it has acked does not come again all the same.
        ann.connect(0);
        const back = await ann.next("welcome");
        expect(back).toMatchObject({ session: welcome["session"], player: "ann", resumed: true, answered: 3 });
        expect(back["resumeToken"]).not.toBe(welcome["resumeToken"]);
        expect(await ann.next("push")).toEqual(said(2, "bob", "are you there?"));
        expect(await ann.next("reply")).toEqual(putReply(4, ["apple", "bow", "cup"]));
        expect(ann.events.filter(({ event }) => event === "heard_before")).toEqual([]);

        // Answered as the first time, also with another body.
        ann.repeat(1, put("elsewhere"));
        expect(await ann.next("reply")).toEqual(putReply(1, ["apple"]));
        ann.repeat(3, put("elsewhere"));
        expect(await ann.next("reply")).toEqual(putReply(3, ["apple", "bow"]));
        ann.request(put("dart"));
        expect(await ann.next("reply")).toEqual(putReply(5, ["apple", "bow", "cup", "dart"]));

        ann.bye();
        expect(await ann.next("closed")).toEqual({ event: "closed", why: "ended" });
        ann.connect();
        expect(await ann.next("welcome")).toMatchObject({ player: "ann", resumed: false, answered: 0 });
        expect([await ann.end(), await bob.end()]).toEqual([0, 0]);
      });
    });

    clusterTest(`${name}: is told why: a stranger's token, a session that cannot go on`, async (ground) => {
      await begin(ground, async ({ ann, stranger }) => {
        stranger.connect();
        expect(await stranger.next("refuse")).toMatchObject({ code: "bad_token", retryMs: null });
        expect(await stranger.next("closed")).toEqual({ event: "closed", why: "ended" });

        ann.connect();
        const first = await ann.next("welcome");
        ann.cut();
        await ann.next("closed");
        // It would have acked a push that was never sent: such a session is given up.
        ann.connect(9);
        expect(await ann.next("refuse")).toMatchObject({ code: "session_gone", retryMs: null });
        expect(await ann.next("closed")).toEqual({ event: "closed", why: "ended" });
        ann.connect();
        const second = await ann.next("welcome");
        expect(second).toMatchObject({ resumed: false, answered: 0 });
        expect(second["session"]).not.toBe(first["session"]);
        expect([await ann.end(), await stranger.end()]).toEqual([0, 0]);
      });
    });
  }

  if (COMPILER !== undefined) {
    clusterTest(
      "in C: asks more than may wait, is cut off in the middle, and each is answered once",
      async (ground) => {
        await C_KIND.enter(ground, async ({ ann }) => {
          ann.connect();
          await ann.next("welcome");
          const items = Array.from({ length: MANY }, (_, index) => `item ${index + 1}`);
          for (const item of items) ann.request(put(item));
          await ann.next("reply");
          ann.cut();
          await ann.next("closed");
          ann.connect();
          expect(await ann.next("welcome")).toMatchObject({ resumed: true });
          for (let count = 2; count <= MANY; count += 1) await ann.next("reply");
          const replies = ann.events.filter(({ event }) => event === "reply" || event === "error");
          expect(replies).toEqual(items.map((_, index) => putReply(index + 1, items.slice(0, index + 1))));
          expect(await ann.end()).toBe(0);
        });
      },
    );
  }

  if (PYTHON !== undefined) {
    clusterTest("in Python: a number too far ends the session, and nobody answers what was asked", async (ground) => {
      await PYTHON_KINDS[0]?.enter(ground, async ({ ann }) => {
        ann.connect();
        const first = await ann.next("welcome");
        ann.repeat(7, put("apple"));
        expect(await ann.next("kicked")).toMatchObject({ code: "out_of_order" });
        expect(await ann.next("closed")).toEqual({ event: "closed", why: "ended" });
        ann.connect();
        const second = await ann.next("welcome");
        expect(second).toMatchObject({ resumed: false, answered: 0 });
        expect(second["session"]).not.toBe(first["session"]);
        expect(await ann.next("unknown")).toEqual({ event: "unknown", seq: 7 });
      });
    });
  }
});

async function enter(
  ground: Ground,
  { kind, start, body }: { readonly kind: "tcp" | "ws"; readonly start: Start; readonly body: Body },
): Promise<void> {
  const cluster = ground.cluster({ nodes: NODES, modules: [SATCHEL] });
  await cluster.start();
  const ports = kind === "tcp" ? cluster.file.playersTcp : cluster.file.players;
  const port = ports.get("gateway:1") ?? 0;
  const ann = start({ port, token: await tokenOf("ann") });
  const bob = start({ port, token: await tokenOf("bob") });
  const stranger = start({ port, token: "x.y.z" });
  try {
    await body({ ann, bob, stranger });
  } finally {
    for (const client of [ann, bob, stranger]) client.kill();
  }
}

/** The gateway has read the ack of this push: a pong comes after everything that was said before its ping. */
async function hasAcked(client: SecondClient, pushSeq: number): Promise<void> {
  expect(await client.next("acked")).toEqual({ event: "acked", pushSeq });
  client.ping();
  expect(await client.next("pong")).toMatchObject({ n: 1 });
}

function put(item: string): { readonly method: number; readonly body: unknown } {
  return { method: PUT, body: { item } };
}

function say(text: string): { readonly method: number; readonly body: unknown } {
  return { method: SAY, body: { text } };
}

function putReply(seq: number, items: readonly string[]): ClientEvent {
  return { event: "reply", seq, body: { items: [...items], at: "user:101" } };
}

function said(pushSeq: number, player: string, text: string): ClientEvent {
  return { event: "push", pushSeq, type: "said", body: { player, text } };
}

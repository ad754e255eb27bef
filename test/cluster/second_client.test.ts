/**
 * The second client, in Python, with a gateway of the compiled executable: over TCP and over WebSocket it logs in, asks,
 * hears pushes, loses its connection, comes back, and asks again with a number that was answered.
 */

import { resolve } from "node:path";
import { describe, expect, test } from "#test";
import { PYTHON, startClient } from "../session/second/python_client.ts";
import type { ClientEvent, PythonClient } from "../session/second/python_client.ts";
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

describe("Second client", () => {
  if (PYTHON === undefined) {
    test("is left out where there is no python3", () => {
      console.log("skip: there is no python3, so the second client did not log in");
      expect(Bun.which("python3")).toBeNull();
    });
    return;
  }

  for (const kind of ["tcp", "ws"] as const) {
    clusterTest(
      `over ${kind}: asks, hears, is cut off, resumes and repeats, and nothing is done twice`,
      async (ground) => {
        await enter(ground, kind, async ({ ann, bob }) => {
          ann.tell({ do: "connect" });
          const welcome = await ann.next("welcome");
          expect(welcome).toMatchObject({ player: "ann", resumed: false, answered: 0 });
          bob.tell({ do: "connect" });
          await bob.next("welcome");

          put(ann, "apple");
          put(ann, "");
          put(ann, "bow");
          expect(await ann.next("reply")).toEqual(putReply(1, ["apple"]));
          expect(await ann.next("error")).toMatchObject({ seq: 2, code: "INVALID", executed: false });
          expect(await ann.next("reply")).toEqual(putReply(3, ["apple", "bow"]));

          say(bob, "hello");
          expect(await ann.next("push")).toEqual(said(1, "bob", "hello"));
          // A pong comes after everything before it, so the gateway has read the ack of the push.
          ann.tell({ do: "ping" });
          expect(await ann.next("pong")).toMatchObject({ n: 1 });

          ann.tell({ do: "cut" });
          expect(await ann.next("closed")).toEqual({ event: "closed", why: "cut" });
          // One is asked and one is said while there is no connection.
          put(ann, "cup");
          say(bob, "are you there?");
          await bob.next("reply");
          await bob.next("reply");
          // It says that it has acked nothing: what it has acked does not come again all the same.
          ann.tell({ do: "connect", acked: 0 });
          const back = await ann.next("welcome");
          expect(back).toMatchObject({ session: welcome["session"], player: "ann", resumed: true, answered: 3 });
          expect(back["resumeToken"]).not.toBe(welcome["resumeToken"]);
          expect(await ann.next("push")).toEqual(said(2, "bob", "are you there?"));
          expect(await ann.next("reply")).toEqual(putReply(4, ["apple", "bow", "cup"]));
          expect(ann.events.filter(({ event }) => event === "heard_before")).toEqual([]);

          // Answered as the first time, also with another body.
          put(ann, "apple", 1);
          expect(await ann.next("reply")).toEqual(putReply(1, ["apple"]));
          put(ann, "elsewhere", 3);
          expect(await ann.next("reply")).toEqual(putReply(3, ["apple", "bow"]));
          put(ann, "dart");
          expect(await ann.next("reply")).toEqual(putReply(5, ["apple", "bow", "cup", "dart"]));
        });
      },
    );
  }

  clusterTest("is told why: a stranger's token, a number too far, a session that is gone", async (ground) => {
    await enter(ground, "tcp", async ({ ann, stranger }) => {
      stranger.tell({ do: "connect" });
      expect(await stranger.next("refuse")).toMatchObject({ code: "bad_token", retryMs: null });
      expect(await stranger.next("closed")).toEqual({ event: "closed", why: "ended" });

      ann.tell({ do: "connect" });
      const first = await ann.next("welcome");
      put(ann, "apple", 7);
      expect(await ann.next("kicked")).toMatchObject({ code: "out_of_order" });
      expect(await ann.next("closed")).toEqual({ event: "closed", why: "ended" });
      // The session is over with it: this is a new login, and nobody answers what was asked.
      ann.tell({ do: "connect" });
      const second = await ann.next("welcome");
      expect(second).toMatchObject({ resumed: false, answered: 0 });
      expect(second["session"]).not.toBe(first["session"]);
      expect(await ann.next("unknown")).toEqual({ event: "unknown", seq: 7 });

      ann.tell({ do: "cut" });
      await ann.next("closed");
      // It would have acked a push that was never sent: such a session is given up.
      ann.tell({ do: "connect", acked: 9 });
      expect(await ann.next("refuse")).toMatchObject({ code: "session_gone", retryMs: null });
    });
  });
});

interface Players {
  readonly ann: PythonClient;
  readonly bob: PythonClient;
  readonly stranger: PythonClient;
}

async function enter(ground: Ground, kind: "tcp" | "ws", body: (players: Players) => Promise<void>): Promise<void> {
  const cluster = ground.cluster({ nodes: NODES, modules: [SATCHEL] });
  await cluster.start();
  const ports = kind === "tcp" ? cluster.file.playersTcp : cluster.file.players;
  const port = ports.get("gateway:1") ?? 0;
  const ann = startClient(kind, { port, token: await tokenOf("ann") });
  const bob = startClient(kind, { port, token: await tokenOf("bob") });
  const stranger = startClient(kind, { port, token: "x.y.z" });
  try {
    await body({ ann, bob, stranger });
  } finally {
    for (const client of [ann, bob, stranger]) client.kill();
  }
}

function put(client: PythonClient, item: string, seq?: number): void {
  client.tell({ do: "request", method: PUT, body: { item }, ...(seq === undefined ? {} : { seq }) });
}

function say(client: PythonClient, text: string): void {
  client.tell({ do: "request", method: SAY, body: { text } });
}

function putReply(seq: number, items: readonly string[]): ClientEvent {
  return { event: "reply", seq, body: { items: [...items], at: "user:101" } };
}

function said(pushSeq: number, player: string, text: string): ClientEvent {
  return { event: "push", pushSeq, type: "said", body: { player, text } };
}

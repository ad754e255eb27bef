import { readFileSync } from "node:fs";
import { describe, expect, test } from "#test";
import { AFTER_CLOSE } from "#client/reconnect.ts";
import * as packets from "#session/client_packets.ts";
import type { ServerPacket } from "#session/client_packets.ts";
import { Script, WELCOME, endOf } from "../client/script.ts";
import { CLIENT_VECTORS } from "./client_vectors.ts";

const page = readFileSync(new URL("../../docs/client.md", import.meta.url), "utf8");

/** One of each type. */
const FROM_SERVER: readonly ServerPacket[] = [
  { kind: "welcome", welcome: WELCOME },
  { kind: "queued", place: 1, estimateMs: 1 },
  { kind: "refuse", code: "full", detail: "", retryMs: null },
  { kind: "reply", seq: 1, body: null },
  { kind: "error", seq: 1, code: "FAILED", detail: "", executed: true },
  { kind: "push", pushSeq: 1, type: "news", body: null },
  { kind: "pong", n: 1, serverMs: 1 },
  { kind: "kicked", code: "idle", detail: "" },
  { kind: "renew", resumeToken: "r-2" },
];

/** Kinds of packets that a client does not take for a fault, in the state that `enter` brings it to. */
async function taken(enter: (script: Script) => Promise<void>): Promise<readonly string[]> {
  const kinds: string[] = [];
  for (const packet of FROM_SERVER) {
    const script = new Script();
    await enter(script);
    script.say(packet);
    const { status } = script.client;
    if (!("reason" in status) || status.reason?.code !== "bad_server") kinds.push(packet.kind);
  }
  return kinds.toSorted();
}

/** Cells of each row of the tables in a section, without the head. */
function rowsOf(title: string): string[][] {
  const section = page.split(/^## /m).find((part) => part.startsWith(title)) ?? "";
  return section
    .split("\n")
    .filter((line) => line.startsWith("|") && !/^\| *(?:-|type |vector |code |limit )/.test(line))
    .map((line) =>
      line
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim().replaceAll("`", "")),
    );
}

describe("docs/client.md", () => {
  test("lists every type of packet with its number", () => {
    const listed = rowsOf("3.").filter(([type]) => /^\d+$/.test(type ?? ""));
    expect(Object.fromEntries(listed.map(([type, name]) => [name, Number(type)]))).toEqual(packets.PacketType);
  });

  test("shows bytes that are those of the vectors, for every type but the welcome", () => {
    const shown = rowsOf("3.").filter(([, fields]) => fields?.startsWith("["));
    const found = shown.map(([name, fields, hex]) => ({ name, fields: JSON.parse(fields ?? "") as unknown, hex }));
    const expected = shown.map(([name]) => {
      const vector = CLIENT_VECTORS.packets.find((one) => one.name === name);
      return { name, fields: vector?.fields, hex: vector?.hex };
    });
    expect(found as unknown).toEqual(expected);
    const types = new Set([16, ...found.map(({ fields }) => (fields as number[])[0])]);
    expect(types).toEqual(new Set(Object.values(packets.PacketType)));
  });

  test("says which packets a client takes before its welcome, and which after it", async () => {
    const listed = (state: string): readonly string[] => {
      const [, , server] = rowsOf("3.").find(([name]) => name === state) ?? [];
      // These it takes at any time.
      return [...new Set([...(server ?? "").split(", "), "refuse", "kicked"])].toSorted();
    };
    expect(await taken((script) => script.greet())).toEqual(listed("waits for a welcome"));
    const online = async (script: Script): Promise<void> => {
      await script.login();
      void endOf(script.client.request(2000, null));
    };
    expect(await taken(online)).toEqual(listed("has its welcome"));
  });

  test("shows the stream of the vectors", () => {
    const block = /```\n([0-9a-f ]+)\n```/.exec(page)?.[1] ?? "";
    expect(block.replaceAll(" ", "")).toBe(CLIENT_VECTORS.streams[0]?.stream ?? "none");
  });

  test("says of every code what the client does then", () => {
    expect(Object.fromEntries(rowsOf("9.").map(([code, then]) => [code, then])) as unknown).toEqual(AFTER_CLOSE);
    expect(rowsOf("9.").map(([code]) => code)).toEqual([...packets.CLOSE_CODES]);
    expect(rowsOf("10.").map(([code]) => code)).toEqual([...packets.REQUEST_ERROR_CODES]);
  });

  test("has the limits of the code", () => {
    const limits: Readonly<Record<string, unknown>> = { ...packets };
    const rows = rowsOf("11.");
    expect(rows.map(([, value, name]) => [name, Number(value)])).toEqual(
      rows.map(([, , name]) => [name, limits[name ?? ""]] as [string, number]),
    );
    expect(rows.length).toBe(14);
  });
});

import { describe, expect, test } from "#test";
import type { BotSocket } from "#bots/bot_network.ts";
import { bunBotDial } from "#runtime/bun_bot_dial.ts";
import { loadBotRequests } from "#runtime/bun_modules.ts";

/** Dials, does `act` once it is open, and tells all that was heard at both ends. */
async function talk(act: (socket: BotSocket) => void): Promise<{ heard: string[]; code: number | undefined }> {
  const heard: string[] = [];
  const serverEnd = Promise.withResolvers<number>();
  const gone = Promise.withResolvers<void>();
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch: (request, self) => (self.upgrade(request) ? undefined : new Response("no WebSocket", { status: 400 })),
    websocket: {
      message: (socket, message) => void socket.sendBinary(message as Uint8Array),
      close: (_, code) => serverEnd.resolve(code),
    },
  });
  const socket = bunBotDial(`ws://127.0.0.1:${server.port}`, {
    opened: () => {
      heard.push("opened");
      socket.send(new Uint8Array([7, 8]));
    },
    message: (bytes) => {
      heard.push(`message ${[...bytes].join(" ")}`);
      act(socket);
    },
    closed: () => heard.push("closed"),
    gone: () => {
      heard.push("gone");
      gone.resolve();
    },
  });
  await gone.promise;
  const code = await serverEnd.promise;
  await server.stop(true);
  return { heard, code };
}

describe("bunBotDial", () => {
  test("carries packets, and says goodbye when it closes", async () => {
    expect(await talk((socket) => socket.close())).toEqual({
      heard: ["opened", "message 7 8", "closed", "gone"],
      // A close frame that gives no reason.
      code: 1005,
    });
  });

  test("cuts without a word: the other end only finds it gone", async () => {
    expect(await talk((socket) => socket.cut())).toEqual({
      heard: ["opened", "message 7 8", "closed", "gone"],
      code: 1006,
    });
  });

  test("says once that a connection could not be made, or was cut before it was", async () => {
    for (const isCut of [false, true]) {
      const heard: string[] = [];
      const { promise, resolve } = Promise.withResolvers<void>();
      const socket = bunBotDial("ws://127.0.0.1:1", {
        opened: () => heard.push("opened"),
        message: () => heard.push("message"),
        closed: () => heard.push("closed"),
        gone: () => {
          heard.push("gone");
          resolve();
        },
      });
      if (isCut) socket.cut();
      await promise;
      expect([isCut, heard]).toEqual([isCut, ["closed", "gone"]]);
    }
  });
});

describe("loadBotRequests()", () => {
  test("says which file is missing, or has no such export", async () => {
    expect(await loadBotRequests("/nowhere/boss.ts")).toEqual({
      kind: "failed",
      reason: "/nowhere/boss.ts: there is no such file (looked for /nowhere/boss.ts)",
    });
    const other = `${import.meta.dir}/conn_recorder.ts`;
    expect(await loadBotRequests(other)).toMatchObject({
      kind: "failed",
      reason: expect.stringContaining(`${other}: its export "bots" is missing, allowed is a list of`),
    });
  });
});

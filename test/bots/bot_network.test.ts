import { describe, expect, test } from "#test";
import { BotNetwork, type BotSocketEvents } from "#bots/bot_network.ts";

interface Dialled {
  readonly events: BotSocketEvents;
  readonly calls: string[];
}

function ground(): {
  readonly network: BotNetwork;
  readonly dialled: Dialled[];
  readonly heard: string[];
  readonly connect: () => { send: (bytes: Uint8Array) => void; close: () => void };
  at: (nowMs: number) => void;
} {
  const dialled: Dialled[] = [];
  const heard: string[] = [];
  let nowMs = 0;
  const network = new BotNetwork({
    url: "ws://here",
    clock: { nowMs: () => nowMs },
    gone: () => heard.push("gone"),
    dial: (url, events) => {
      const calls: string[] = [url];
      dialled.push({ events, calls });
      return {
        send: (bytes) => calls.push(`send ${bytes.length}`),
        close: () => calls.push("close"),
        cut: () => calls.push("cut"),
      };
    },
  });
  const connect = (): ReturnType<typeof network.connect> =>
    network.connect({
      opened: () => heard.push("opened"),
      message: (bytes) => heard.push(`message ${bytes.length}`),
      closed: () => heard.push("closed"),
    });
  return { network, dialled, heard, connect, at: (ms) => void (nowMs = ms) };
}

describe("BotNetwork", () => {
  test("carries both ways, and knows what is left of its connections", () => {
    const { network, dialled, heard, connect, at } = ground();
    at(70);
    const socket = connect();
    dialled[0]?.events.opened();
    socket.send(new Uint8Array(3));
    dialled[0]?.events.message(new Uint8Array(2));
    expect([network.openCount, network.dialledMs]).toEqual([1, 70]);
    socket.close();
    dialled[0]?.events.closed();
    dialled[0]?.events.gone();
    expect(heard).toEqual(["opened", "message 2", "gone"]);
    expect(dialled[0]?.calls).toEqual(["ws://here", "send 3", "close"]);
    expect(network.openCount).toBe(0);
  });

  test("cuts without a goodbye, tells the client once, and says nothing of it any more", () => {
    const { network, dialled, heard, connect } = ground();
    connect();
    dialled[0]?.events.opened();
    network.cut();
    dialled[0]?.events.message(new Uint8Array(2));
    dialled[0]?.events.closed();
    dialled[0]?.events.gone();
    expect(heard).toEqual(["opened", "closed", "gone"]);
    expect(dialled[0]?.calls).toEqual(["ws://here", "cut"]);
  });

  test("holds a connection back until the network is there again, unless it was given up", () => {
    const { network, dialled, heard, connect, at } = ground();
    connect();
    network.cut();
    const held = connect();
    held.send(new Uint8Array(1));
    expect([dialled.length, network.openCount]).toEqual([1, 1]);
    at(900);
    network.restore();
    dialled[1]?.events.opened();
    expect([dialled.length, network.openCount, network.dialledMs]).toEqual([2, 2, 900]);
    expect(heard).toEqual(["closed", "opened"]);
    network.cut();
    connect().close();
    network.restore();
    expect(dialled.length).toBe(2);
    // The network is there: nothing is held back.
    connect();
    expect(dialled.length).toBe(3);
  });
});

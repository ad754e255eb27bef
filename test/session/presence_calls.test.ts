import { describe, expect, test } from "#test";
import { seededRandom } from "#base/random.ts";
import { GatewaySessions } from "#session/gateway_sessions.ts";
import { ShardLogins } from "#session/shard_logins.ts";
import { SessionContract } from "#session/session_contract.ts";
import { key, node, recordingLog } from "../mesh/harness.ts";
import { RpcNetwork } from "../rpc/harness.ts";

/** A gateway with its center, and what it says has ended. */
function setup(): { net: RpcNetwork; sessions: GatewaySessions; logins: ShardLogins; ended: string[] } {
  const net = new RpcNetwork(["center:3 gateway:3"]);
  const gateway = net.network.at("gateway:3");
  const sessions = new GatewaySessions({
    random: seededRandom(1),
    clock: net.clock,
    counters: gateway.counters,
    endpoint: net.at("gateway:3"),
    nodes: () => [...gateway.links.values()].map((link) => link.peer),
  });
  const { log } = recordingLog();
  const logins = new ShardLogins({ endpoint: net.at("center:3"), log, gateway: node("gateway:3").id });
  const ended: string[] = [];
  sessions.onEnded(({ player }, how) => ended.push(`${player} ${how}`));
  return { net, sessions, logins, ended };
}

describe("GatewaySessions: for who holds the connections", () => {
  test("a login resolves when the shard's nodes believe in it, and a logout too", async () => {
    const { net, sessions, logins, ended } = setup();
    const login = net.watch(sessions.login("ann"));
    await net.run();
    const session = logins.sessionOf("ann") ?? "";
    const binding = { player: "ann", session };
    expect([login.ended, sessions.has(binding)]).toEqual([{ value: binding }, true]);
    const logout = net.watch(sessions.logout(binding));
    await net.run();
    expect([logout.ended, sessions.has(binding), logins.sessionOf("ann"), ended]).toEqual([
      { value: true },
      false,
      undefined,
      ["ann logged_out"],
    ]);
    const again = net.watch(sessions.logout(binding));
    await net.run();
    expect([again.ended, ended.length]).toEqual([{ value: false }, 1]);
  });

  test("says what ended, also when a node of the shard ended or replaced it", async () => {
    const { net, sessions, logins, ended } = setup();
    void sessions.login("ann");
    await net.run();
    const { caller } = net.at("center:3");
    net.watch(caller.call(SessionContract.login, { player: "ann" }, { to: { key: key("gateway:3") } }));
    await net.run();
    const binding = { player: "ann", session: logins.sessionOf("ann") ?? "" };
    net.watch(caller.call(SessionContract.logout, binding, { to: { key: key("gateway:3") } }));
    await net.run();
    expect(ended).toEqual(["ann replaced", "ann logged_out"]);
  });
});

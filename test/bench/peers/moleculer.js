/**
 * Moleculer over its TCP transporter: no hop between the two nodes.
 */

import { ServiceBroker } from "moleculer";

export async function start(role, port) {
  const ports = { server: Number(port), client: Number(port) + 1 };
  const urls = Object.entries(ports).map(([name, own]) => `127.0.0.1:${own}/${name}`);
  const broker = new ServiceBroker({
    nodeID: role,
    logger: false,
    transporter: { type: "TCP", options: { udpDiscovery: false, port: ports[role], urls } },
  });
  if (role === "server") {
    broker.createService({ name: "bench", actions: { echo: (context) => context.params } });
  }
  await broker.start();
  if (role === "server") return undefined;
  await broker.waitForServices("bench", 20_000);
  return (body) => broker.call("bench.echo", { body: Buffer.from(body).toString("latin1") });
}

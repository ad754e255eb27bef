/**
 * pinus-rpc over its TCP mailbox: no hop between the two processes.
 */

import { createRequire } from "node:module";
import { join } from "node:path";

const load = createRequire(import.meta.url);
// It needs this one and does not load it.
load("reflect-metadata");
const pinus = load("pinus-rpc");
const paths = [{ namespace: "user", serverType: "test", path: join(import.meta.dirname, "remote/test") }];

export async function start(role, port) {
  if (role === "server") {
    pinus.createServer({ paths, port: Number(port), acceptorFactory: pinus.createTcpAcceptor }).start();
    return undefined;
  }
  const servers = [{ id: "server", serverType: "test", host: "127.0.0.1", port: Number(port) }];
  const client = pinus.createClient({
    routeContext: servers,
    router: (_route, _message, _context, done) => done(null, "server"),
    context: { serverId: "client" },
    mailboxFactory: pinus.createTcpMailBox,
    timeout: 10_000,
  });
  await new Promise((resolve, reject) => {
    client.start((error) => (error ? reject(error) : resolve()));
  });
  client.addProxies(paths);
  client.addServers(servers);
  const text = (body) => Buffer.from(body).toString("latin1");
  return (body) => client.proxies.user.test.service.echo.toServer("server", text(body));
}

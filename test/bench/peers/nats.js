/**
 * NATS request/reply with its own client: one hop over nats-server, which runs already.
 */

import { connect } from "@nats-io/transport-node";

export async function start(role, port) {
  const connection = await connect({ servers: `127.0.0.1:${port}` });
  if (role === "server") {
    connection.subscribe("bench.echo", {
      callback: (_error, message) => {
        message.respond(message.data);
      },
    });
    await connection.flush();
    return undefined;
  }
  return (body) => connection.request("bench.echo", body, { timeout: 10_000 });
}

import { afterEach, describe, expect, test } from "#test";
import type { HttpHandler, HttpServer } from "../../src/base/http_server.ts";
import { ListenError } from "../../src/link/transport.ts";
import { bunGetJson } from "../../src/runtime/bun_get_json.ts";
import { bunServeHttp } from "../../src/runtime/bun_http.ts";

const servers: HttpServer[] = [];

afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop(0);
});

function serve(handler: HttpHandler, faults: unknown[] = []): { server: HttpServer; url: string } {
  const server = bunServeHttp({ host: "127.0.0.1", port: 0 }, handler, {
    bodySizeMax: 1024,
    onFault: (error) => faults.push(error),
  });
  servers.push(server);
  return { server, url: `http://127.0.0.1:${server.address.port}` };
}

describe("bunServeHttp", () => {
  test("hands on the request and the address of the client", async () => {
    const { url } = serve(
      (request, remote) => new Response(`${request.method} ${new URL(request.url).pathname} ${remote}`),
    );
    expect(await (await fetch(`${url}/a/b`)).text()).toBe("GET /a/b 127.0.0.1");
  });

  test("refuses a body that is too large before the handler reads it", async () => {
    const { url } = serve(async (request) => new Response(await request.text()));
    const response = await fetch(url, { method: "POST", body: "x".repeat(4096) });
    expect(response.status).toBe(413);
  });

  test("answers 500 without a word about it when the handler fails, and reports it", async () => {
    const faults: unknown[] = [];
    const { url } = serve(() => {
      throw new Error("secret detail");
    }, faults);
    const response = await fetch(url);
    expect([response.status, response.headers.get("content-type")]).toEqual([500, "application/problem+json"]);
    expect(await response.text()).not.toContain("secret");
    expect(faults.map(String)).toEqual(["Error: secret detail"]);
  });

  test("says why it cannot serve", () => {
    const { server } = serve(() => new Response(""));
    const { port } = server.address;
    const options = { bodySizeMax: 1024, onFault: () => {} };
    const again = (): unknown => bunServeHttp({ host: "127.0.0.1", port }, () => new Response(""), options);
    expect(again).toThrow(new ListenError(`Cannot serve HTTP on 127.0.0.1:${port}: the port is in use`));
  });

  test("frees its port when it stops", async () => {
    const { server } = serve(() => new Response("first"));
    const { port } = server.address;
    await fetch(`http://127.0.0.1:${port}`);
    await server.stop(1_000);
    const options = { bodySizeMax: 1024, onFault: () => {} };
    servers.push(bunServeHttp({ host: "127.0.0.1", port }, () => new Response("second"), options));
    expect(await (await fetch(`http://127.0.0.1:${port}`)).text()).toBe("second");
  });

  test("stop lets what is under way end, but not for longer than the deadline", async () => {
    const started = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    const { server, url } = serve(async () => {
      started.resolve();
      await release.promise;
      return new Response("done");
    });
    const answer = fetch(url).then((response) => response.text());
    await started.promise;
    const stopped = server.stop(60_000);
    release.resolve();
    expect(await answer).toBe("done");
    await stopped;

    const hanging = Promise.withResolvers<void>();
    const second = serve(async () => {
      hanging.resolve();
      await new Promise(() => {});
      return new Response("never");
    });
    const never = fetch(second.url).then(
      () => "answered",
      () => "closed",
    );
    await hanging.promise;
    await second.server.stop(20);
    expect(await never).toBe("closed");
  });
});

describe("bunGetJson", () => {
  test("sends the token and reads status and body", async () => {
    const { url } = serve((request) => Response.json({ got: request.headers.get("authorization") }, { status: 201 }));
    expect(await bunGetJson(url, { token: "abc", timeoutMs: 5_000 })).toEqual({
      kind: "ok",
      status: 201,
      body: { got: "Bearer abc" },
    });
  });

  test("reports what is no JSON, leads elsewhere, takes too long or is not there", async () => {
    const text = serve(() => new Response("<html>"));
    const elsewhere = serve(() => Response.redirect(text.url));
    const silent = serve(() => new Promise<Response>(() => {}));
    const gone = serve(() => new Response(""));
    await gone.server.stop(0);
    for (const { url } of [text, elsewhere, silent, gone]) {
      expect((await bunGetJson(url, { token: "t", timeoutMs: 50 })).kind).toBe("failed");
    }
  });
});

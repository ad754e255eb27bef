/** What Deno gives to an edge, beside sockets and the clock. */

import { afterEach, beforeEach, describe, expect, test } from "#test";
import { toHex } from "../../src/base/digest.ts";
import type { HttpServer } from "../../src/base/http_server.ts";
import { ListenError } from "../../src/link/transport.ts";
import { denoDigest } from "../../src/runtime/deno_digest.ts";
import { denoServeHttp, handedOver } from "../../src/runtime/deno_http.ts";
import { acquireDenoLock } from "../../src/runtime/deno_lock.ts";
import { digest } from "../wire/digest.ts";

const ANY = { host: "127.0.0.1", port: 0 };
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);

describe("denoDigest", () => {
  test("is SHA-256 and HMAC-SHA-256, of parts as of the whole", () => {
    expect(toHex(denoDigest.sha256(bytes("ab"), bytes("c")))).toBe(
      "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    );
    // RFC 4231, test case 2.
    expect(toHex(denoDigest.hmacSha256(bytes("Jefe"), bytes("what do ya "), bytes("want for nothing?")))).toBe(
      "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );
    expect(denoDigest.sha256(bytes("x"))).toEqual(digest.sha256(bytes("x")));
  });
});

describe("acquireDenoLock", () => {
  let folder = "";
  beforeEach(() => {
    folder = Deno.makeTempDirSync({ prefix: "kuafu-lock-" });
  });
  afterEach(() => Deno.removeSync(folder, { recursive: true }));

  test("keeps a second one away until it is let go of, and names who has it", () => {
    const first = acquireDenoLock(folder);
    const second = acquireDenoLock(folder);
    expect(second).toMatchObject({
      kind: "taken",
      by: expect.stringMatching(new RegExp(`^process ${Deno.pid} since 20`)),
    });
    if (first.kind === "held") first.lock.release();
    if (first.kind === "held") first.lock.release();
    const third = acquireDenoLock(folder);
    expect(third.kind).toBe("held");
    if (third.kind === "held") third.lock.release();
  });

  test("fails in a folder that is not there", () => {
    expect(acquireDenoLock(`${folder}/absent`).kind).toBe("failed");
  });
});

describe("denoServeHttp", () => {
  let servers: HttpServer[] = [];
  let faults: unknown[] = [];
  const serve = (handler: (request: Request, remote: string) => Response | Promise<Response>): string => {
    const server = denoServeHttp(ANY, handler, { bodySizeMax: 1000, onFault: (error) => faults.push(error) });
    servers.push(server);
    return `http://127.0.0.1:${server.address.port}`;
  };
  beforeEach(() => {
    servers = [];
    faults = [];
  });
  afterEach(async () => {
    for (const server of servers) await server.stop(0);
  });

  test("hands over the request and the address of who asks", async () => {
    const url = serve(async (request, remote) => new Response(`${remote} ${await request.text()}`));
    expect(await (await fetch(url, { method: "POST", body: "hello" })).text()).toBe("127.0.0.1 hello");
  });

  test("refuses a body that is announced as too large, and cuts off one that turns out to be", async () => {
    const url = serve(async (request) => new Response(String((await request.text()).length)));
    expect((await fetch(url, { method: "POST", body: "x".repeat(1000) })).status).toBe(200);
    expect((await fetch(url, { method: "POST", body: "x".repeat(1001) })).status).toBe(413);
    const stream = (size: number) => ReadableStream.from([bytes("x".repeat(size)), bytes("x".repeat(size))]);
    expect(await (await fetch(url, { method: "POST", body: stream(500) })).text()).toBe("1000");
    expect((await fetch(url, { method: "POST", body: stream(600) })).status).toBe(500);
    expect(faults.length).toBe(1);
  });

  test("a handler that throws ends its own request only, and the answer says nothing about it", async () => {
    const url = serve(() => {
      throw new Error("secret detail");
    });
    const answer = await fetch(url);
    expect([answer.status, await answer.json()]).toEqual([
      500,
      { type: "about:blank", title: "Internal Server Error", status: 500 },
    ]);
  });

  test("says that a port is taken, and lets go of it when it stops, also of what hangs", async () => {
    const asked = Promise.withResolvers<void>();
    const url = serve(() => {
      asked.resolve();
      return new Promise<Response>(() => undefined);
    });
    const [server] = servers;
    const taken = server?.address ?? ANY;
    expect(() => denoServeHttp(taken, () => new Response(), { bodySizeMax: 1, onFault: () => undefined })).toThrow(
      ListenError,
    );
    const hanging = fetch(url).then(
      () => "answered",
      () => "closed",
    );
    await asked.promise;
    await server?.stop(20);
    expect(await hanging).toBe("closed");
    servers = [];
  });
});

describe("handedOver", () => {
  test("answers with the handler that a node handed over, and with 503 before and after", async () => {
    const server = handedOver();
    const ask = async () => (await server.fetch(new Request("http://x/"), "10.0.0.9")).status;
    expect(await ask()).toBe(503);
    const running = server.serveHttp(ANY, (_request, remote) => new Response(remote), {
      bodySizeMax: 1000,
      onFault: () => undefined,
    });
    expect(await (await server.fetch(new Request("http://x/"), "10.0.0.9")).text()).toBe("10.0.0.9");
    await running.stop(0);
    expect(await ask()).toBe(503);
  });
});

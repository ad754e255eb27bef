/**
 * Host and Origin: what a web page could make an operator's browser send is refused before anything else.
 */

import { authorityOf, createHostCheck } from "#admin/guards.ts";
import { describe, expect, test } from "#test";
import { Fixture } from "./fixture.ts";

describe("Host check", () => {
  const loopback = [
    "127.0.0.1",
    "127.0.0.1:8900",
    "127.9.9.9:1",
    "localhost",
    "LOCALHOST:80",
    "localhost.",
    "[::1]:8900",
  ];
  const foreign = [
    "evil.example",
    "evil.example:8900",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "127.0.0.1@evil.example",
    "127.0.0.1:8900, evil.example",
    "127.1",
    "0x7f.0.0.1",
    "0177.0.0.1",
    "127.0.0.256",
    "10.0.0.1",
    "[::2]",
    "::1",
    "[::1",
    "[::1]:",
    "localhost:99999999",
    "local host",
    "",
    " ",
    ":8900",
    "xn--lcalhost-54a",
    "localhost/",
    "a".repeat(5_000),
  ];

  test("takes loopback addresses and localhost, whatever the config says", () => {
    for (const allowed of [[], ["admin.example"]]) {
      expect(loopback.filter((host) => !createHostCheck(allowed)(host))).toEqual([]);
      expect(foreign.filter(createHostCheck(allowed))).toEqual([]);
    }
  });

  test("takes the hosts of the config with any port, in any case, and no others", () => {
    const check = createHostCheck(["admin.Example", "10.0.0.7", "[fd00::7]"]);
    const own = [
      "admin.example",
      "ADMIN.EXAMPLE:443",
      "admin.example.",
      "10.0.0.7:8900",
      "[fd00::7]:8900",
      "[FD00::7]",
    ];
    expect(own.filter((host) => !check(host))).toEqual([]);
    expect(["sub.admin.example", "admin.example.evil", "10.0.0.70", "10.0.0.8", "[fd00::8]"].filter(check)).toEqual([]);
  });

  test("bound to every interface takes any address and still no name", () => {
    for (const every of ["0.0.0.0", "::", "[::]"]) {
      const check = createHostCheck([every]);
      expect(["10.0.0.1:8900", "192.168.1.5", "[fd00::7]:1"].filter((host) => !check(host))).toEqual([]);
      expect(["evil.example", "10.0.0.1.evil.example", "10.1", "3232235777"].filter(check)).toEqual([]);
    }
  });
});

describe("Host guard", () => {
  test("refuses a foreign name on every path, before the token is looked at", async () => {
    const fixture = new Fixture();
    for (const call of ["GET /api/nodes", "POST /api/activities", "GET /healthz", "GET /openapi.json", "GET /none"]) {
      const answer = await fixture.askJson(call, { token: null, headers: { Host: "evil.example" } });
      expect(answer).toMatchObject({ status: 403, body: { type: "urn:kuafu:problem:host_refused" } });
      expect(JSON.stringify(answer)).not.toContain("evil.example");
    }
    expect(fixture.counters.get("admin.refused:host")).toBe(5);
    expect(fixture.counters.get("admin.refused:token")).toBe(0);
  });

  test("without a Host header the URL counts, as with HTTP/2", async () => {
    const { app } = new Fixture(["admin.example"]);
    expect((await app.request("http://admin.example:8900/healthz")).status).toBe(200);
    expect((await app.request("http://evil.example/healthz")).status).toBe(403);
  });

  test("with neither, as HTTP/1.0 may come, there is nothing to let through", () => {
    expect(authorityOf(undefined, "/healthz")).toBe("");
    expect(createHostCheck(["0.0.0.0"])("")).toBe(false);
  });

  test("does not believe headers that a proxy or a page adds", async () => {
    const headers = { Host: "evil.example", "X-Forwarded-Host": "127.0.0.1", Forwarded: "host=127.0.0.1" };
    expect((await new Fixture().ask("GET /healthz", { headers })).status).toBe(403);
  });
});

describe("Origin guard", () => {
  const foreign = [
    "http://evil.example",
    "null",
    "",
    "http://127.0.0.1",
    "http://127.0.0.1:8901",
    "http://localhost:8900",
    "http://127.0.0.1:8900.evil.example",
    "http://127.0.0.1:8900/",
    "file://127.0.0.1:8900",
    "https://evil.example, http://127.0.0.1:8900",
  ];
  for (const origin of foreign) {
    test(`refuses "${origin}"`, async () => {
      const fixture = new Fixture();
      await fixture.createBoss();
      const response = await fixture.ask("POST /api/activities/boss/open", { headers: { Origin: origin } });
      expect(response.status).toBe(403);
      expect(await response.json()).toMatchObject({ type: "urn:kuafu:problem:origin_refused" });
      expect(fixture.port.openings).toEqual([]);
    });
  }

  test("takes its own, over TLS of a proxy as well", async () => {
    for (const origin of ["http://127.0.0.1:8900", "https://127.0.0.1:8900", "HTTP://127.0.0.1:8900"]) {
      expect((await new Fixture().ask("GET /api/nodes", { headers: { Origin: origin } })).status).toBe(200);
    }
  });
});

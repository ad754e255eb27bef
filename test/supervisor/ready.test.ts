import { afterEach, describe, expect, test } from "#test";
import { join } from "node:path";
import { adminUrl, missingNodes, openLine, readyText, type SeenNode, seenNodes } from "../../src/supervisor/ready.ts";
import { configOf, WHOLE } from "../config/parsed.ts";
import { cleanFolders, temporaryFolder } from "../runtime/temporary_folder.ts";

afterEach(cleanFolders);

const CONFIG = configOf(WHOLE);
const TOKEN = { name: "ops", role: "operate", token: "0123456789abcdef0123456789abcdef" } as const;
const EXAMPLE = { id: "boss", kind: "plain", config: { note: "it's on" } };

function seen(current = true): SeenNode[] {
  return CONFIG.nodes.map(({ id, role }) => ({
    id,
    boot: "00112233445566778899aabbccddeeff",
    startedAtMs: 1,
    gateway: role === "center" || role === "user" ? "gateway:3" : id,
    current,
  }));
}

describe("missingNodes", () => {
  test("wants every node of the file reached and current", () => {
    expect(missingNodes(CONFIG.nodes, seen())).toEqual([]);
    const rows = seen().map((row) => (row.id === "user:301" ? { ...row, current: false } : row));
    expect(missingNodes(CONFIG.nodes, rows.slice(1)) as unknown).toEqual([
      { id: "cross_gateway:1", reason: "not reached" },
      { id: "user:301", reason: "behind" },
    ]);
  });
});

describe("seenNodes", () => {
  test("reads the answer of the admin API and refuses anything else", () => {
    const rows = seen();
    const body = { nodes: rows.map((row) => ({ ...row, role: "x", shard: 1, behindSinceMs: null })) };
    expect(seenNodes(body)).toEqual(rows);
    for (const other of [undefined, [], {}, { nodes: [{ id: 1 }] }, { title: "Unauthorized" }]) {
      expect(seenNodes(other)).toBe(undefined);
    }
  });
});

describe("readyText", () => {
  const text = readyText({
    nodes: CONFIG.nodes,
    seen: seen(),
    tookMs: 1_840,
    admin: { host: "127.0.0.1", port: 8900 },
    token: { file: "data/ops.token", token: TOKEN, isAlone: true },
    example: EXAMPLE,
  });

  test("has the table, one line that begins with ready, the address, the place of the token and a line to paste", () => {
    const quoted = `'{"id":"boss","kind":"plain","config":{"note":"it'\\''s on"},"open":true}'`;
    expect(text.split("\n")).toEqual([
      "node             shard  boot      attached to  address",
      "cross_gateway:1  -      00112233  -            127.0.0.1:7001",
      "gateway:3        3      00112233  -            127.0.0.1:7002",
      "center:3         3      00112233  gateway:3    -",
      "user:301         3      00112233  gateway:3    -",
      "cross_center:5   -      00112233  -            -",
      "",
      "ready: 5 nodes in 1.8 s",
      "admin: http://127.0.0.1:8900",
      "token: data/ops.token (ops, operate)",
      "",
      "To open an activity, paste:",
      "",
      `  curl -sS -X POST -H "authorization: Bearer $(cut -d' ' -f3 data/ops.token)" -H 'content-type: application/json' -d ${quoted} http://127.0.0.1:8900/api/activities`,
      "",
    ]);
    expect(text.match(/^ready/gm)?.length).toBe(1);
  });

  test("never shows the token", () => {
    expect(text).not.toContain(TOKEN.token);
  });
});

describe("openLine", () => {
  test("finds the token's line in a file with several", () => {
    const line = openLine("http://x:1", { file: "my tokens", token: TOKEN, isAlone: false }, EXAMPLE);
    expect(line).toContain(`Bearer $(awk '$1=="ops"{print $3}' 'my tokens')"`);
  });

  for (const isAlone of [true, false]) {
    test(`is what a shell takes for one command with the right token (isAlone: ${isAlone})`, async () => {
      const file = join(temporaryFolder(), "it's a token");
      const mine = `ops operate ${TOKEN.token}\n`;
      await Bun.write(file, isAlone ? mine : `# all\nann read ${"a".repeat(32)}\n${mine}`);
      const line = openLine("http://127.0.0.1:8900", { file, token: TOKEN, isAlone }, EXAMPLE);
      const child = Bun.spawn({ cmd: ["sh", "-c", `curl() { printf '%s\\n' "$@"; }; ${line}`], stdout: "pipe" });
      const said = await child.stdout.text();
      expect(said.split("\n")).toEqual([
        ...["-sS", "-X", "POST", "-H", `authorization: Bearer ${TOKEN.token}`, "-H", "content-type: application/json"],
        ...["-d", '{"id":"boss","kind":"plain","config":{"note":"it\'s on"},"open":true}'],
        "http://127.0.0.1:8900/api/activities",
        "",
      ]);
    });
  }
});

describe("adminUrl", () => {
  test("asks a wildcard on loopback", () => {
    expect(adminUrl({ host: "0.0.0.0", port: 1 })).toBe("http://127.0.0.1:1");
    expect(adminUrl({ host: "::", port: 1 })).toBe("http://[::1]:1");
    expect(adminUrl({ host: "10.0.0.1", port: 1 })).toBe("http://10.0.0.1:1");
  });
});

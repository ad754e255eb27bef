/** A gateway's certificate for players: what is no good at the start, what is renewed, and which alarm says what. */

import { afterEach, describe, expect, test } from "#test";
import { Alarms } from "#base/alarms.ts";
import type { ReadResult } from "#base/files.ts";
import type { KeyPairTexts } from "#link/tls.ts";
import type { PlayerWays, SecurePlayers } from "#session/player_ways.ts";
import { CertificateWatch, firstPair } from "../../src/run/player_certificate.ts";
import { FakeClock } from "../link/fake_clock.ts";
import { recordingLog } from "../mesh/harness.ts";

const FILES = { certFile: "s1.crt", keyFile: "s1.key" };
const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;

class Ground {
  readonly clock = new FakeClock();
  readonly said = recordingLog();
  readonly alarms = new Alarms({ clock: this.clock, log: this.said.log });
  readonly texts = new Map([
    ["s1.crt", "one, 90 days"],
    ["s1.key", "key of one"],
  ]);
  readonly reads: string[] = [];
  readonly renewed: KeyPairTexts[] = [];
  isPrivate = true;
  #watch: CertificateWatch | undefined;
  readonly #textsOf = new Map<PlayerWays, KeyPairTexts>();
  readonly #bornMs = this.clock.wallMs();

  readonly runtime = {
    clock: this.clock,
    environment: () => undefined,
    files: {
      readText: (path: string): ReadResult => {
        this.reads.push(path);
        const text = this.texts.get(path);
        return text === undefined ? { kind: "absent" } : { kind: "ok", text, isPrivate: this.isPrivate };
      },
      createSecret: () => ({ kind: "ok" }) as const,
      ensureFolder: () => ({ kind: "ok" }) as const,
    },
  };

  /** "one, 90 days" and "key of one" are a pair that ends 90 days after the ground was made. */
  readonly secure: SecurePlayers = (texts) => {
    const [, name = "", days = ""] = /^(\w+), (-?\d+) days$/.exec(texts.certificate) ?? [];
    if (name === "") return { kind: "problem", problem: { key: "cert_file", found: "rubbish", allowed: "a pair" } };
    if (texts.key !== `key of ${name}`)
      return { kind: "problem", problem: { key: "key_file", found: "another key", allowed: "a pair" } };
    const ways: PlayerWays = {
      webSocket: undefined,
      tcp: {
        listen: () => {
          throw new Error("nobody listens here");
        },
      },
    };
    this.#textsOf.set(ways, texts);
    return { kind: "ok", ways, validToMs: this.#bornMs + Number(days) * DAY_MS };
  };

  first(): ReturnType<typeof firstPair> {
    return firstPair(FILES, this.secure, { runtime: this.runtime, log: this.said.log });
  }

  watch(): void {
    const first = this.first();
    if (first.kind === "failed") throw new Error(first.lines.join());
    this.#watch = new CertificateWatch({
      files: FILES,
      first: first.pair,
      secure: this.secure,
      runtime: this.runtime,
      log: this.said.log,
      alarms: this.alarms,
      renewed: (ways) => void this.renewed.push(this.#textsOf.get(ways) ?? { certificate: "", key: "" }),
    });
  }

  put(certificate: string, key: string): void {
    this.texts.set("s1.crt", certificate).set("s1.key", key);
  }

  /** What the log has said since, and which alarms are raised now. */
  news(): { readonly lines: readonly string[]; readonly alarms: readonly string[] } {
    const lines = this.said.lines.splice(0).map(({ level, phrase, data }) => {
      const what = data?.["alarm"] ?? data?.["path"] ?? "";
      return `${level} ${phrase} ${String(what)}`.trimEnd();
    });
    return { lines, alarms: this.alarms.all().map(({ name }) => name) };
  }

  stop(): void {
    this.#watch?.stop();
  }
}

const grounds: Ground[] = [];

function ground(certificate = "one, 90 days"): Ground {
  const made = new Ground();
  made.put(certificate, "key of one");
  grounds.push(made);
  return made;
}

describe("firstPair", () => {
  test("names each file that cannot be read, and the one that is no good", () => {
    const on = ground();
    const lines = (): unknown => {
      const first = on.first();
      return first.kind === "failed" ? [first.code, first.lines] : first.kind;
    };
    expect(lines()).toEqual("ok");
    on.put("one, 90 days", "key of two");
    expect(lines()).toEqual([2, ["s1.key: players.tls.key_file: found another key; allowed: a pair"]]);
    on.put("", "key of one");
    expect(lines()).toEqual([2, ["s1.crt: players.tls.cert_file: found rubbish; allowed: a pair"]]);
    on.texts.clear();
    expect(lines()).toEqual([
      2,
      [
        "Cannot read players.tls.cert_file s1.crt: there is no such file",
        "Cannot read players.tls.key_file s1.key: there is no such file",
      ],
    ]);
  });

  test("takes the key for a secret, and the certificate for none", () => {
    const on = ground();
    on.isPrivate = false;
    expect(on.first().kind).toEqual("ok");
    expect(on.news().lines).toEqual(["warn secret file can be read by others s1.key"]);
  });
});

describe("CertificateWatch", () => {
  afterEach(() => {
    for (const each of grounds.splice(0)) each.stop();
  });

  test("takes a renewed pair within a minute, once, and leaves one alone that is the same", () => {
    const on = ground();
    on.watch();
    on.clock.run(10 * MINUTE_MS);
    expect([on.renewed, on.news()]).toEqual([[], { lines: [], alarms: [] }]);
    on.put("two, 180 days", "key of two");
    on.isPrivate = false;
    on.clock.run(MINUTE_MS);
    expect(on.renewed).toEqual([{ certificate: "two, 180 days", key: "key of two" }]);
    on.clock.run(10 * MINUTE_MS);
    expect(on.renewed.length).toBe(1);
    expect(on.news()).toEqual({
      lines: ["warn secret file can be read by others s1.key", "info certificate renewed s1.crt"],
      alarms: [],
    });
  });

  test("keeps the old pair while the new one is no good or half written, says so once, and takes it when it is whole", () => {
    const on = ground();
    on.watch();
    on.put("two, 180 days", "key of one");
    on.clock.run(3 * MINUTE_MS);
    expect([on.renewed, on.news()]).toEqual([
      [],
      { lines: ["warn alarm raised players_certificate_refused"], alarms: ["players_certificate_refused"] },
    ]);
    expect(on.alarms.all()[0]?.detail).toEqual({
      reason: "s1.key: players.tls.key_file: found another key; allowed: a pair",
    });
    on.texts.delete("s1.key");
    on.clock.run(MINUTE_MS);
    expect(on.alarms.all()[0]?.detail).toEqual({
      reason: "Cannot read players.tls.key_file s1.key: there is no such file",
    });
    on.put("two, 180 days", "key of two");
    on.clock.run(MINUTE_MS);
    expect([on.renewed.length, on.news()]).toEqual([
      1,
      { lines: ["info alarm cleared players_certificate_refused", "info certificate renewed s1.crt"], alarms: [] },
    ]);
    // The old one again is no news either.
    on.put("two, 180 days", "key of three");
    on.clock.run(MINUTE_MS);
    on.put("two, 180 days", "key of two");
    on.clock.run(MINUTE_MS);
    expect([on.renewed.length, on.alarms.all()]).toEqual([1, []]);
  });

  test("has an alarm from 14 days before the end on, an error when it has ended, and neither once it is renewed", () => {
    const on = ground("one, 15 days");
    on.watch();
    on.clock.run(DAY_MS - MINUTE_MS);
    expect(on.news()).toEqual({ lines: [], alarms: [] });
    on.clock.run(2 * MINUTE_MS);
    const ends = "players_certificate_ends";
    expect(on.news()).toEqual({ lines: [`warn alarm raised ${ends}`], alarms: [ends] });
    on.clock.run(15 * DAY_MS);
    expect(on.news()).toEqual({ lines: ["error certificate has expired s1.crt"], alarms: [ends] });
    on.put("two, 90 days", "key of two");
    on.clock.run(MINUTE_MS);
    expect(on.news()).toEqual({ lines: ["info certificate renewed s1.crt", `info alarm cleared ${ends}`], alarms: [] });
  });

  test("an expired pair opens the ports all the same, with an error and the alarm", () => {
    const on = ground("one, -1 days");
    on.watch();
    expect(on.news()).toEqual({
      lines: ["warn alarm raised players_certificate_ends", "error certificate has expired s1.crt"],
      alarms: ["players_certificate_ends"],
    });
  });

  test("reads nothing any more when it is stopped", () => {
    const on = ground();
    on.watch();
    on.clock.run(MINUTE_MS);
    on.reads.length = 0;
    on.stop();
    on.clock.run(10 * MINUTE_MS);
    expect(on.reads).toEqual([]);
  });
});

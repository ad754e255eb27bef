/**
 * Certificate and key of a gateway's ports for players: read and checked before they open, and looked at again every
 * minute, so that a renewed pair is taken while everybody plays on. A pair that is no good is not taken, and an alarm.
 */

import type { Alarms } from "#base/alarms.ts";
import type { Timer } from "#base/clock.ts";
import type { KeyPairProblem, KeyPairTexts } from "#link/tls.ts";
import type { PlayerWays, SecurePlayers } from "#session/player_ways.ts";
import { faultText } from "../config/fault.ts";
import type { KeyPairFiles } from "../config/tls.ts";
import { readSecret, type SecretReader } from "./secrets.ts";
import type { Runtime, StartFailure } from "./types.ts";

const EXIT_CONFIG = 2;
const LOOK_MS = 60_000;
/** Authorities sign for ever shorter times, and who renews does so with a third of it left: then something has failed. */
const WARNED_MS = 14 * 86_400_000;
const ENDS = "players_certificate_ends";
const REFUSED = "players_certificate_refused";

export interface HeldPair {
  readonly texts: KeyPairTexts;
  readonly ways: PlayerWays;
  readonly validToMs: number;
}

type Reader = SecretReader & { readonly runtime: Pick<Runtime, "files" | "environment"> };
type PairResult =
  | { readonly kind: "ok"; readonly pair: HeldPair }
  /** A line for people, for each file that is no good. */
  | { readonly kind: "refused"; readonly lines: readonly string[] };

/** What the ports begin with. */
export function firstPair(
  files: KeyPairFiles,
  secure: SecurePlayers,
  reader: Reader,
): { readonly kind: "ok"; readonly pair: HeldPair } | StartFailure {
  const read = readPair(files, reader);
  const made = read.kind === "ok" ? securedPair(files, secure, read.texts) : read;
  return made.kind === "ok" ? made : { kind: "failed", code: EXIT_CONFIG, lines: made.lines };
}

export interface CertificateWatchOptions {
  readonly files: KeyPairFiles;
  readonly first: HeldPair;
  readonly secure: SecurePlayers;
  readonly runtime: Pick<Runtime, "clock" | "files" | "environment">;
  readonly log: SecretReader["log"];
  readonly alarms: Alarms;
  readonly renewed: (ways: PlayerWays) => void;
}

export class CertificateWatch {
  readonly #options: CertificateWatchOptions;
  #held: HeldPair;
  #hasSaidExpired = false;
  #timer: Timer;

  constructor(options: CertificateWatchOptions) {
    this.#options = options;
    this.#held = options.first;
    this.#judgeTime();
    this.#timer = this.#later();
  }

  stop(): void {
    this.#timer.cancel();
  }

  #later(): Timer {
    return this.#options.runtime.clock.after(LOOK_MS, () => {
      this.#look();
      this.#judgeTime();
      this.#timer = this.#later();
    });
  }

  #look(): void {
    const { files, secure, runtime, log, alarms, renewed } = this.#options;
    // Who may read them was said when they were taken.
    const read = readPair(files, { runtime, log, isPublic: true });
    if (read.kind === "ok" && isSame(read.texts, this.#held.texts)) return alarms.clear(REFUSED);
    const made = read.kind === "ok" ? securedPair(files, secure, read.texts) : read;
    if (made.kind === "refused") return alarms.raise(REFUSED, { reason: made.lines.join("; ") });
    alarms.clear(REFUSED);
    readSecret({ kind: "file", path: files.keyFile }, { runtime, log });
    this.#held = made.pair;
    this.#hasSaidExpired = false;
    log.info("certificate renewed", this.#about());
    renewed(made.pair.ways);
  }

  #judgeTime(): void {
    const { runtime, log, alarms } = this.#options;
    const leftMs = this.#held.validToMs - runtime.clock.wallMs();
    if (leftMs >= WARNED_MS) return alarms.clear(ENDS);
    alarms.raise(ENDS, this.#about());
    // It is no reason not to run: the shard's nodes need their gateway, and a new one is taken as soon as it is there.
    if (leftMs > 0 || this.#hasSaidExpired) return;
    this.#hasSaidExpired = true;
    log.error("certificate has expired", this.#about());
  }

  #about(): { readonly path: string; readonly validTo: string } {
    return { path: this.#options.files.certFile, validTo: new Date(this.#held.validToMs).toISOString() };
  }
}

function readPair(
  files: KeyPairFiles,
  reader: Reader,
):
  | { readonly kind: "ok"; readonly texts: KeyPairTexts }
  | { readonly kind: "refused"; readonly lines: readonly string[] } {
  const lines: string[] = [];
  const read = (key: KeyPairProblem["key"]): string => {
    const path = pathOf(files, key);
    // Certificates are no secrets: anybody may read them.
    const text = readSecret({ kind: "file", path }, key === "key_file" ? reader : { ...reader, isPublic: true });
    if (text.kind === "ok") return text.value;
    lines.push(`Cannot read players.tls.${key} ${path}: ${text.reason}`);
    return "";
  };
  const texts = { certificate: read("cert_file"), key: read("key_file") };
  return lines.length > 0 ? { kind: "refused", lines } : { kind: "ok", texts };
}

function securedPair(files: KeyPairFiles, secure: SecurePlayers, texts: KeyPairTexts): PairResult {
  const made = secure(texts);
  if (made.kind === "ok") return { kind: "ok", pair: { texts, ways: made.ways, validToMs: made.validToMs } };
  const { key, found, allowed } = made.problem;
  const line = faultText({ file: pathOf(files, key), place: `players.tls.${key}`, found, allowed });
  return { kind: "refused", lines: [line] };
}

function pathOf(files: KeyPairFiles, key: KeyPairProblem["key"]): string {
  return key === "cert_file" ? files.certFile : files.keyFile;
}

function isSame(a: KeyPairTexts, b: KeyPairTexts): boolean {
  return a.certificate === b.certificate && a.key === b.key;
}

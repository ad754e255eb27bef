/**
 * The handshake, the second link for a node id, and what is written in parts: docs/protocol.md, "Handshake" and "Links".
 */

import type { Mutant } from "./mutant.ts";
import { STATE_SIM, unit } from "./mutant.ts";

const ACCEPTOR = "src/link/handshake_acceptor.ts";
const DIALER = "src/link/handshake_dialer.ts";
const REGISTRY = "src/link/link_registry.ts";

const HANDSHAKE = [unit("link/handshake", "link/bad_input")] as const;
const DUPLICATE = [unit("link/duplicate"), STATE_SIM] as const;

export const LINK_MUTANTS: readonly Mutant[] = [
  {
    name: "the acceptor does not check the MAC",
    rule: "handshake",
    file: ACCEPTOR,
    find: `if (!equalConstantTime(body, mac("dial", transcript, { digest, key }))) continue;`,
    replace: "",
    suites: HANDSHAKE,
  },
  {
    name: "the dialer does not check the MAC",
    rule: "handshake",
    file: DIALER,
    find: `if (equalConstantTime(found, mac("accept", transcript, { digest: this.#own.digest, key }))) {`,
    replace: "if (key.length > 0 && found.length > 0 && transcript.hello.length > 0) {",
    suites: HANDSHAKE,
  },
  {
    name: "both labels are the same",
    rule: "handshake",
    file: "src/link/handshake.ts",
    find: `accept: new TextEncoder().encode("kuafu accept"),`,
    replace: `accept: new TextEncoder().encode("kuafu dial"),`,
    suites: HANDSHAKE,
  },
  {
    name: "the labels are swapped",
    rule: "handshake",
    file: "src/link/handshake.ts",
    find: "return digest.hmacSha256(key, LABELS[side], hello, challenge);",
    replace: `return digest.hmacSha256(key, LABELS[side === "dial" ? "accept" : "dial"], hello, challenge);`,
    suites: [unit("link/handshake", "link/transcripts")],
  },
  {
    name: "the acceptor's nonce is always the same",
    rule: "handshake",
    file: ACCEPTOR,
    find: "introduce(own, own.random.bytes(NONCE_SIZE))",
    replace: "introduce(own, new Uint8Array(NONCE_SIZE))",
    suites: HANDSHAKE,
  },
  {
    name: "the dialer's nonce is always the same",
    rule: "handshake",
    file: DIALER,
    find: "introduce(own, own.random.bytes(NONCE_SIZE))",
    replace: "introduce(own, new Uint8Array(NONCE_SIZE))",
    suites: HANDSHAKE,
  },
  {
    name: "the proof does not cover the challenge",
    rule: "handshake",
    file: "src/link/handshake.ts",
    find: "LABELS[side], hello, challenge)",
    replace: "LABELS[side], hello, challenge.subarray(0, 40))",
    suites: HANDSHAKE,
  },
  {
    name: "another cluster is welcome",
    rule: "handshake",
    file: ACCEPTOR,
    find: `if (hello.cluster !== cluster) return`,
    replace: `if (hello.cluster === "" && cluster !== "") return`,
    suites: HANDSHAKE,
  },
  {
    name: "a hello for another node is taken",
    rule: "handshake",
    file: ACCEPTOR,
    find: "if (hello.targetRoleNumber !== ROLE_NUMBERS[self.role] || hello.targetNumber !== self.number) {",
    replace: "if (hello.targetRoleNumber !== ROLE_NUMBERS[self.role]) {",
    suites: HANDSHAKE,
  },
  {
    name: "whoever answers is taken for the target",
    rule: "handshake",
    file: DIALER,
    find: "|| peer.role !== this.#target.role || peer.number !== this.#target.number) {",
    replace: ") {",
    suites: HANDSHAKE,
  },
  {
    name: "any role may dial",
    rule: "handshake",
    file: "src/link/accept_policy.ts",
    find: "if (!(DIALERS[acceptor.role] ?? []).includes(dialer.role)) {",
    replace: "if (DIALERS[acceptor.role] === undefined) {",
    suites: [unit("link/accept_policy", "link/bad_input")],
  },
  {
    name: "frames are believed before the welcome",
    rule: "handshake",
    file: "src/link/handshake_conn.ts",
    find: `else this.fail("unexpected_frame", "a frame before the welcome");`,
    replace: "",
    suites: [unit("link/duplicate", "link/bad_input")],
  },
  {
    name: "a handshake may take for ever",
    rule: "handshake",
    file: "src/link/handshake.ts",
    find: "export const HANDSHAKE_MS_MAX = 3_000;",
    replace: "export const HANDSHAKE_MS_MAX = 3_000_000;",
    suites: [unit("link/bad_input")],
  },
  {
    name: "frames may be large before a link is ready",
    rule: "handshake",
    file: "src/wire/limits.ts",
    find: "export const FRAME_SIZE_MAX_HANDSHAKE = 4 * 1024;",
    replace: "export const FRAME_SIZE_MAX_HANDSHAKE = 1024 * 1024;",
    suites: [unit("link/bad_input", "wire/decoder")],
  },
  {
    name: "a twin replaces a process that is alive",
    rule: "duplicate link",
    file: REGISTRY,
    find: "if (old.peer.boot === peer.boot) {",
    replace: "if (old.peer.key === peer.key) {",
    suites: DUPLICATE,
  },
  {
    name: "the same process is taken for a twin",
    rule: "duplicate link",
    file: REGISTRY,
    find: "if (old.peer.boot === peer.boot) {",
    replace: "if (old.peer.boot !== peer.boot) {",
    suites: DUPLICATE,
  },
  {
    name: "a second link does not end the first",
    rule: "duplicate link",
    file: REGISTRY,
    find: `      old.leave("replaced", "a newer link of the same process");\n`,
    replace: "",
    suites: DUPLICATE,
  },
  {
    name: "old bytes count as an answer to the question",
    rule: "duplicate link",
    file: "src/link/pulse.ts",
    find: "if (probe === undefined || pong.sequence < probe.sequence) return;",
    replace: "if (probe === undefined) return;",
    suites: DUPLICATE,
  },
  {
    name: "a twin is admitted though the first has answered",
    rule: "duplicate link",
    file: REGISTRY,
    find: "if (answered) return this.#refuseTwin(old, probe.newcomer);",
    replace: "",
    suites: DUPLICATE,
  },
  {
    name: "a part that was written counts as the whole",
    rule: "partial write",
    file: "src/link/send_queue.ts",
    find: "this.#outAt += count;",
    replace: "this.#outAt = count > 0 ? this.#outEnd : this.#outAt;",
    suites: [unit("link/send_queue"), STATE_SIM],
  },
  {
    name: "after a part the whole is written again",
    rule: "partial write",
    file: "src/link/send_queue.ts",
    find: "target.write(this.#out.subarray(this.#outAt, this.#outEnd))",
    replace: "target.write(this.#out.subarray(0, this.#outEnd - this.#outAt))",
    suites: [unit("link/send_queue"), STATE_SIM],
  },
  {
    name: "a full transport is asked again and again",
    rule: "partial write",
    file: "src/link/send_queue.ts",
    find: `    if (this.#blocked) return "blocked";\n`,
    replace: "",
    suites: [unit("link/send_queue")],
  },
];

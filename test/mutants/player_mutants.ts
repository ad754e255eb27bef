/**
 * What keeps players and what they own whole: docs/players.md and docs/client.md. One owner at a time, each key once,
 * requests once and in order, pushes without a gap, one session.
 */

import type { Mutant } from "./mutant.ts";
import { PLAYERS_SIM, unit } from "./mutant.ts";

const DATA = "src/player/player_data.ts";
const SESSION = "src/session/player_session.ts";
const GATEWAY = "src/module/player_gateway.ts";

const OWNING = [unit("player/player_data"), PLAYERS_SIM] as const;
const CLAIMS = [unit("player/mail_claims"), PLAYERS_SIM] as const;
const SESSIONS = [unit("session/player_session", "session/player_door"), PLAYERS_SIM] as const;
/** Tests that wait for one end would wait for ever. */
const CLIENT = [unit("client/lossy"), PLAYERS_SIM] as const;

export const PLAYER_MUTANTS: readonly Mutant[] = [
  {
    name: "a player is taken over without a new epoch",
    rule: "one owner",
    file: "src/player/player_table.ts",
    find: "DO UPDATE SET epoch = player.epoch + 1, owner",
    replace: "DO UPDATE SET epoch = player.epoch, owner",
    suites: OWNING,
  },
  {
    name: "a save takes whatever epoch and version it finds",
    rule: "one owner",
    file: DATA,
    find: `    if (!(await isOwned(tx, record))) return { kind: "fenced" };`,
    replace: `    const now = await tx.get("SELECT epoch, version FROM player WHERE player = ?", [record.player]);
    record = { ...record, epoch: Number(now?.["epoch"]), version: Number(now?.["version"]) };`,
    suites: OWNING,
  },
  {
    name: "what is in memory is believed for ever",
    rule: "one owner",
    file: DATA,
    find: "return lane.generation === generation && seenAtMs - lane.seenAtMs < BELIEVED_MS_MAX;",
    replace: "return lane.generation === generation;",
    suites: OWNING,
  },
  {
    name: "the key of a change is not looked up",
    rule: "keys",
    file: DATA,
    find: "if (kept !== undefined) return {",
    replace: "if (kept !== undefined && key.length > 1000) return {",
    suites: OWNING,
  },
  {
    name: "a change is planned on what was before the last one",
    rule: "keys",
    file: DATA,
    find: `    return { kind: "done", record: plan.record, outcome };`,
    replace: `    return { kind: "done", record: { ...plan.record, counts: record.counts }, outcome };`,
    suites: OWNING,
  },
  {
    name: "a mail is written down as claimed before it is taken",
    rule: "claims",
    file: "src/player/mail_claims.ts",
    find: `    const change = { key: id, reason: "mail", items: mail.items };`,
    replace: `    await this.#settle(player, id);
    const change = { key: id, reason: "mail", items: mail.items };`,
    suites: CLAIMS,
  },
  {
    name: "a request that was answered is executed again",
    rule: "requests",
    file: SESSION,
    find: `if (seq <= this.#answered) return [{ kind: "send", bytes: this.#replies.get(seq) ?? this.#notKept(seq) }];`,
    replace: `if (seq <= this.#answered) return [{ kind: "execute", request }];`,
    suites: SESSIONS,
  },
  {
    name: "a request is executed while the one before is under way",
    rule: "requests",
    file: SESSION,
    find: "const mayStart = !this.isBusy;",
    replace: "const mayStart = true;",
    suites: SESSIONS,
  },
  {
    name: "what may have been executed is asked again without a key",
    rule: "requests",
    file: GATEWAY,
    find: "const isSafe = answer.executed === false || isIdempotent;",
    replace: "const isSafe = true;",
    suites: [unit("module/player_data", "module/players"), PLAYERS_SIM],
  },
  {
    name: "what was refused at last is said to be not executed, whatever was before",
    rule: "requests",
    file: GATEWAY,
    find: "const known = wasSent && answer.executed === false ? { ...answer, executed: null } : answer;",
    replace: "const known = answer;",
    suites: [unit("module/player_data", "module/players"), PLAYERS_SIM],
  },
  {
    name: "a client repeats any request in the next session",
    rule: "requests",
    file: "src/client/request_ledger.ts",
    find: "if (isRepeatable && entry.sentCount <= REPEATS_MAX)",
    replace: "if (entry.sentCount <= REPEATS_MAX)",
    suites: CLIENT,
  },
  {
    name: "pushes are sent again the newest first",
    rule: "pushes",
    file: SESSION,
    find: "again: this.#pushes.all() }",
    replace: "again: this.#pushes.all().toReversed() }",
    suites: SESSIONS,
  },
  {
    name: "pushes that were lost are not sent again",
    rule: "pushes",
    file: SESSION,
    find: "again: this.#pushes.all() }",
    replace: "again: this.#pushes.all().slice(0, 0) }",
    suites: SESSIONS,
  },
  {
    name: "a push after a gap is delivered",
    rule: "pushes",
    file: "src/client/push_log.ts",
    find: `if (pushSeq > this.#taken + 1) return "gap";`,
    replace: "",
    suites: [unit("client/client", "client/client_resume"), PLAYERS_SIM],
  },
  {
    name: "a newer login leaves the older session at the door",
    rule: "one session",
    file: "src/session/gateway_sessions.ts",
    find: `if (replaced !== undefined) this.#ended(replaced, "replaced");`,
    replace: "",
    suites: [unit("session/player_door", "session/presence", "session/door_walk"), PLAYERS_SIM],
  },
  {
    name: "a login that comes to nothing keeps its place",
    rule: "places",
    file: "src/session/player_door.ts",
    find: `        this.#entering.delete(player);
        this.#fill();`,
    replace: "        this.#fill();",
    suites: [unit("session/player_door", "session/door_walk"), PLAYERS_SIM],
  },
];

/**
 * What makes a term happen once: docs/activities.md. A commit before anything is said, hooks and reports in the
 * transaction of what they belong to, groups that are pinned, rewards by key.
 */

import type { Mutant } from "./mutant.ts";
import { TERMS_SIM, unit } from "./mutant.ts";

const RUNNER = "src/activity/term_runner.ts";
const TAKER = "src/activity/reports/report_taker.ts";

const OWNING = [unit("activity/owner", "activity/owner_terms"), TERMS_SIM] as const;
const GROUPS = [unit("activity/owner_groups"), TERMS_SIM] as const;
const REPORTS = [unit("activity/reports/report_intake"), TERMS_SIM] as const;
const REWARDS = [unit("activity/ranks/settlement", "module/rewards_killed"), TERMS_SIM] as const;
const INBOX = [unit("delivery/inbox_table", "delivery/inbox"), TERMS_SIM] as const;

export const TERM_MUTANTS: readonly Mutant[] = [
  {
    name: "a version is announced before it is committed",
    rule: "commit first",
    file: "src/activity/owned_topics.ts",
    find: "    this.#triedEpoch = epoch;\n    await this.#save(",
    replace: "    this.#triedEpoch = epoch;\n    for (const held of next) this.#announce(held);\n    await this.#save(",
    suites: OWNING,
  },
  {
    name: "a hook runs in a transaction of its own",
    rule: "hooks",
    file: RUNNER,
    find: `      await topics.commit([{ id, content, atMs: how.atMs }], async (tx, [held]) => {
        if (hasEntered) draft = await this.#enter(tx, content, before);`,
    replace: `      if (hasEntered) draft = await topics.transaction((tx) => this.#enter(tx, content, before));
      await topics.commit([{ id, content, atMs: how.atMs }], async (tx, [held]) => {`,
    suites: OWNING,
  },
  {
    name: "the key of a verb is not kept",
    rule: "verbs",
    file: "src/activity/verb_desk.ts",
    find: "          if (keyed !== undefined) await keepKey(",
    replace: "          if (keyed !== undefined && keyed.key.length > 64) await keepKey(",
    suites: OWNING,
  },
  {
    name: "groups are made again at each phase",
    rule: "groups",
    file: RUNNER,
    find: `    if (step.kind === "enter") return enterPhase(content, step);`,
    replace: `    if (step.kind === "enter") {
      const entered = enterPhase(content, step);
      const again = pinGroups(content.groups, this.#options.shards, step.atMs);
      if (again.kind !== "ok" || entered.term === undefined) return entered;
      return { ...entered, term: { ...entered.term, groups: again.groups } };
    }`,
    suites: GROUPS,
  },
  {
    name: "groups are made of what the shards were a day before",
    rule: "groups",
    file: RUNNER,
    find: "const pinned = pinGroups(content.groups, shards, { atMs, isLast: window.closesAtMs <= nowMs });",
    replace:
      "const pinned = pinGroups(content.groups, shards, { atMs: atMs - 86_400_000, isLast: window.closesAtMs <= nowMs });",
    suites: GROUPS,
  },
  {
    name: "the key of a report is not kept",
    rule: "reports",
    file: TAKER,
    find: "      await writeReports(tx, key, takenReports);\n",
    replace: "",
    suites: REPORTS,
  },
  {
    name: "keys are compared without their term",
    rule: "reports",
    file: TAKER,
    find: "const first = isOfTerm(content, ask) ? reports.get(reportKey) : undefined;",
    replace: "const first = reports.get(reportKey);",
    suites: REPORTS,
  },
  {
    name: "a refusal does not undo the state",
    rule: "reports",
    file: TAKER,
    find: "    state.undo();\n",
    replace: "    state.keep();\n",
    suites: REPORTS,
  },
  {
    name: "how far rewards were issued is written in another transaction",
    rule: "rewards",
    file: "src/activity/ranks/reward_walk.ts",
    find: "      const progress = await topics.transaction((tx) => this.#issue(tx, content, hooks));\n",
    replace: `      const late: Parameters<Tx["run"]>[] = [];
      const progress = await topics.transaction((tx) => {
        const run: Tx["run"] = async (...statement) => {
          if (!statement[0].startsWith("UPDATE activity_settlement")) return await tx.run(...statement);
          late.push(statement);
          return { changes: 1 };
        };
        return this.#issue({ get: tx.get.bind(tx), all: tx.all.bind(tx), run }, content, hooks);
      });
      await topics.transaction(async (tx) => {
        for (const statement of late) await tx.run(...statement);
      });
`,
    suites: REWARDS,
  },
  {
    name: "a mail is written whether its key is known or not",
    rule: "inbox",
    file: "src/delivery/inbox_table.ts",
    find: "    if (changes === 0) continue;\n",
    replace: "    if (changes < 0) continue;\n",
    suites: INBOX,
  },
  {
    name: "a center that was restored is not compared",
    rule: "inbox",
    file: "src/delivery/comparison.ts",
    find: `if (!wasSentAgain) return "lost";`,
    replace: `if (!wasSentAgain) return "equal";`,
    suites: [unit("delivery/comparison"), TERMS_SIM],
  },
];

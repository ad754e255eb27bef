import { describe, expect, test } from "#test";
import { formatFinding } from "../../build/tidy/finding.ts";
import { checkTree } from "../../build/tidy.ts";

const MANIFEST = {
  path: "package.json",
  text: JSON.stringify({
    scripts: { start: "npx --yes bun@1.4.5 a.ts" },
    dependencies: { valibot: "1.5.0" },
    devDependencies: { "bun-types": "1.4.5" },
  }),
};

describe("checkTree()", () => {
  test("is content with a tidy tree", () => {
    const file = { path: "src/base/clock.ts", text: '/** A clock. */\nimport { v } from "valibot";\n' };
    expect(checkTree({ topLevel: ["package.json", "src"], files: [MANIFEST, file] })).toEqual({
      findings: [],
      notices: [],
      fileCount: 2,
    });
  });

  test("brings all findings in order of place", () => {
    const files = [
      MANIFEST,
      { path: "src/wire/b.ts", text: '/** B. */\nimport { a } from "#link/a.ts";\nDate.now();\n' },
      { path: "src/base/utils.ts", text: "export const a = 1;\n" },
    ];
    const { findings } = checkTree({ topLevel: ["package.json", "src", "tmp"], files });
    expect(findings.map(({ file, line }) => `${file}:${line}`)).toEqual([
      "src/base/utils.ts:1",
      "src/base/utils.ts:1",
      "src/wire/b.ts:2",
      "src/wire/b.ts:3",
      "tmp:1",
    ]);
  });

  test("notices long files without failing", () => {
    const file = { path: "src/base/a.ts", text: `/** A. */\n${"a;\n".repeat(300)}` };
    const report = checkTree({ topLevel: [], files: [MANIFEST, file] });
    expect(report.findings).toEqual([]);
    expect(report.notices).toEqual(["src/base/a.ts has 301 lines (aim at 150)"]);
  });

  test("asks scripts and types to mean the same Bun", () => {
    const text = MANIFEST.text.replace("bun@1.4.5", "bun@1.4.4");
    const { findings } = checkTree({ topLevel: [], files: [{ path: "package.json", text }] });
    expect(findings.map(formatFinding)).toEqual([
      'package.json:1: found bun@1.4.4 in script "start"; allowed: bun@1.4.5, as bun-types',
    ]);
  });
});

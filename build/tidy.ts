/**
 * The house rules that neither the compiler nor the linter knows:
 * layers, import cycles, names, sizes, headers and banned constructs.
 * The rules are pure functions in build/tidy/; here the files are read and the
 * findings printed, one a line.
 *
 *   dist/bun build/tidy.ts [PATH...]   findings under these paths alone
 */

import { readdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { checkCode } from "./tidy/code_rules.ts";
import {
  checkBarrel,
  checkHeader,
  checkMarkers,
  checkName,
  checkSize,
  checkTopLevel,
  countLines,
  LINES_ASKED,
} from "./tidy/file_rules.ts";
import { byPlace, type Finding, formatFinding } from "./tidy/finding.ts";
import { checkCycles, checkLayers } from "./tidy/layers.ts";
import { readSource } from "./tidy/source.ts";

export interface TextFile {
  /** From the root, with "/". */
  readonly path: string;
  readonly text: string;
}

export interface Tree {
  readonly topLevel: readonly string[];
  readonly files: readonly TextFile[];
}

export interface TidyReport {
  readonly findings: readonly Finding[];
  /** Worth a thought, but no failure. */
  readonly notices: readonly string[];
  readonly fileCount: number;
}

/** Ignored by git, so no part of the repository. */
const SKIPPED = ["node_modules", "dist", "data", ".git"];
const FOLDERS = ["src", "test", "build", "docs", "examples", ".ci"];
const TEXT_FILE = /\.(?:ts|json|toml|md|sh|html|css|yaml|yml|service|pml)$/;

export function checkTree(tree: Tree): TidyReport {
  const manifest = tree.files.find((file) => file.path === "package.json");
  const { dependencies, findings: packageFindings } = readManifest(manifest?.text ?? "{}");
  const sources = tree.files
    .filter((file) => file.path.endsWith(".ts"))
    .map((file) => readSource(file.path, file.text));
  const findings = [
    ...packageFindings,
    ...checkTopLevel(tree.topLevel),
    ...tree.files.flatMap((file) => [...checkName(file.path), ...checkMarkers(file.path, file.text)]),
    ...sources.flatMap((source) => [
      ...checkSize(source.path, source.text),
      ...checkHeader(source),
      ...checkBarrel(source),
      ...checkCode(source),
    ]),
    ...checkLayers(sources, { dependencies }),
    ...checkCycles(sources),
  ];
  const notices = sources
    .map((source) => ({ path: source.path, lines: countLines(source.text) }))
    .filter(({ lines }) => lines > LINES_ASKED)
    .map(({ path, lines }) => `${path} has ${lines} lines (aim at 150)`);
  return {
    findings: findings.toSorted(byPlace),
    notices,
    fileCount: tree.files.length,
  };
}

interface Manifest {
  readonly dependencies: readonly string[];
  readonly findings: readonly Finding[];
}

/** The scripts and the types have to mean the same Bun. */
function readManifest(text: string): Manifest {
  const manifest: {
    readonly scripts?: Record<string, string>;
    readonly dependencies?: Record<string, string>;
    readonly devDependencies?: Record<string, string>;
  } = JSON.parse(text);
  const wanted = manifest.devDependencies?.["bun-types"];
  const findings = Object.entries(manifest.scripts ?? {}).flatMap(([name, script]) =>
    Array.from(script.matchAll(/\bbun@([\w.-]+)/g))
      .filter((found) => found[1] !== wanted)
      .map((found) => ({
        file: "package.json",
        line: 1,
        found: `${found[0]} in script "${name}"`,
        allowed: `bun@${wanted}, as bun-types`,
      })),
  );
  return { dependencies: Object.keys(manifest.dependencies ?? {}), findings };
}

export async function readTree(root: string): Promise<Tree> {
  const topLevel = (await readdir(root)).filter((entry) => !SKIPPED.includes(entry) && !entry.endsWith(".log"));
  const paths = topLevel.filter((entry) => TEXT_FILE.test(entry));
  for (const folder of FOLDERS) {
    if (topLevel.includes(folder)) paths.push(...(await walk(root, folder)));
  }
  const files = await Promise.all(
    paths.map(async (path) => ({
      path,
      text: TEXT_FILE.test(path) ? await Bun.file(join(root, path)).text() : "",
    })),
  );
  return { topLevel, files };
}

async function walk(root: string, folder: string): Promise<string[]> {
  const entries = await readdir(join(root, folder), { withFileTypes: true });
  const nested = entries
    .filter((entry) => !SKIPPED.includes(entry.name))
    .map(async (entry) => {
      const path = `${folder}/${entry.name}`;
      return entry.isDirectory() ? walk(root, path) : [path];
    });
  return (await Promise.all(nested)).flat();
}

if (import.meta.main) {
  const report = checkTree(await readTree(resolve(import.meta.dir, "..")));
  const wanted = Bun.argv.slice(2).map((path) => path.replace(/^\.\//, "").replace(/\/$/, ""));
  const findings = report.findings.filter(
    ({ file }) => wanted.length === 0 || wanted.some((path) => file === path || file.startsWith(`${path}/`)),
  );
  for (const notice of report.notices) console.log(`note: ${notice}`);
  for (const finding of findings) console.log(formatFinding(finding));
  console.log(`${report.fileCount} files, ${findings.length} findings, ${report.notices.length} notes`);
  if (findings.length > 0) process.exitCode = 1;
}

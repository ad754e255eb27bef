/**
 * Which test files run together, in which order and with which limits.
 * Process tests run one file at a time and last: they start clusters of the
 * compiled executable, and two clusters at once would share two cores.
 */

export interface TestGroup {
  readonly name: string;
  readonly files: readonly string[];
  readonly parallel: boolean;
  readonly needsExecutable: boolean;
  readonly testTimeMaxMs: number;
  readonly groupTimeMaxMs: number;
}

/** Tests of the executable. */
const PROCESSES = ["test/cluster/", "test/browser/", "test/netns/"];

/** Deno runs these itself; they name what Bun does not have. */
const FOREIGN = "test/deno/";

export function isTestFile(path: string): boolean {
  return path.startsWith("test/") && path.endsWith(".test.ts") && !path.startsWith(FOREIGN);
}

/** A filter is a file or a folder; none means everything. */
export function selectFiles(files: readonly string[], filters: readonly string[]): string[] {
  return matching(files, filters).filter(isTestFile).toSorted();
}

export function matching(files: readonly string[], filters: readonly string[]): string[] {
  if (filters.length === 0) return [...files];
  const wanted = filters.map((filter) => filter.replace(/^\.\//, "").replace(/\/$/, ""));
  return files.filter((file) => wanted.some((filter) => file === filter || file.startsWith(`${filter}/`)));
}

export function makeGroups(files: readonly string[]): TestGroup[] {
  const groups: TestGroup[] = [];
  const plain = files.filter((file) => !startsProcesses(file));
  if (plain.length > 0) {
    groups.push({
      name: "unit and simulation",
      files: plain,
      parallel: true,
      needsExecutable: false,
      testTimeMaxMs: 60_000,
      groupTimeMaxMs: 25 * 60_000,
    });
  }
  for (const file of files) {
    if (!startsProcesses(file)) continue;
    groups.push({
      name: file,
      files: [file],
      parallel: false,
      needsExecutable: true,
      testTimeMaxMs: 120_000,
      groupTimeMaxMs: 15 * 60_000,
    });
  }
  return groups;
}

function startsProcesses(file: string): boolean {
  return PROCESSES.some((folder) => file.startsWith(folder));
}

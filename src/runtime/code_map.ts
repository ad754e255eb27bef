/**
 * Who runs which source files (see supervisor/watch.ts), read from the imports of the uncompiled program.
 */

import { basename, dirname, join, resolve } from "node:path";
import { NODE_ROLES, type NodeRole } from "../config/types.ts";
import { importClosure } from "./import_closure.ts";

export interface CodePlaces {
  /** The entry of the program, src/main.ts. */
  readonly main: string;
  /** Files of modules as the config and the command line name them. */
  readonly modules: readonly string[];
}

interface FoundCode {
  readonly shared: ReadonlySet<string>;
  readonly roles: ReadonlyMap<NodeRole, ReadonlySet<string>>;
  readonly modules: ReadonlyMap<string, ReadonlySet<string>>;
}

export function readCodeMap(places: CodePlaces): FoundCode {
  const roleFolder = join(dirname(places.main), "roles");
  const roleFiles = new Map<string, NodeRole>(NODE_ROLES.map((role) => [join(roleFolder, `${role}.ts`), role]));
  const isOutside = (path: string): boolean => roleFiles.has(path) || isSupervisor(path);
  const nowhere = (): boolean => false;
  return {
    shared: importClosure(places.main, isOutside),
    roles: new Map([...roleFiles].map(([file, role]) => [role, importClosure(file, nowhere)])),
    modules: new Map(places.modules.map((file) => [file, importClosure(resolve(file), nowhere)])),
  };
}

/** Where all of it lies. */
export function codeFolders(places: CodePlaces): string[] {
  return [places.main, ...places.modules].map((file) => dirname(resolve(file)));
}

/** No node runs it, and the one that does is not restarted. */
function isSupervisor(path: string): boolean {
  return basename(path) === "supervisor.ts" || basename(dirname(path)) === "supervisor";
}

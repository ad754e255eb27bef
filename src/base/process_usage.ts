/**
 * What this process uses of its machine, as an argument: runtime/ asks the system.
 */

export interface ProcessUsage {
  /** Memory that is in RAM, in bytes. */
  readonly residentSize: number;
  /** User and system time since the process began; undefined where the runtime does not say. */
  readonly cpuMs: number | undefined;
}

export type ReadUsage = () => ProcessUsage;

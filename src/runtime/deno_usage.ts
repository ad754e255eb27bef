/**
 * ReadUsage on Deno, which does not say how much time of the processor it took.
 */

import type { ReadUsage } from "#base/process_usage.ts";

export const denoUsage: ReadUsage = () => ({ residentSize: Deno.memoryUsage().rss, cpuMs: undefined });

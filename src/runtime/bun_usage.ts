/**
 * ReadUsage on Bun.
 */

import type { ReadUsage } from "#base/process_usage.ts";

const MICROSECONDS_PER_MS = 1_000;

export const bunUsage: ReadUsage = () => {
  const { user, system } = process.cpuUsage();
  return { residentSize: process.memoryUsage.rss(), cpuMs: (user + system) / MICROSECONDS_PER_MS };
};

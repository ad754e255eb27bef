/**
 * A headless Chromium, as Debian packages it, driven over a pipe: it ends when the pipe does, so also when the test run
 * is killed. One that does not close when asked is ended by its id.
 */

import type { Browser } from "playwright-core";
import { chromium } from "playwright-core";
import { afterEach } from "#test";
import { pause } from "../../cluster/harness/wait.ts";

const NAMES = ["chromium", "chromium-browser", "google-chrome"];
const LAUNCH_MS_MAX = 30_000;
const CLOSE_MS_MAX = 5_000;

/** Path of the program, if there is one. */
export const CHROMIUM = NAMES.map((name) => Bun.which(name)).find((path) => path !== null);
export const CURE = `none of ${NAMES.join(", ")} is on PATH (Debian: apt-get install chromium)`;

const ARGS = [
  // Continuous integration runs as root, who can't have a sandbox; the only pages are our own, from loopback.
  "--no-sandbox",
  "--disable-gpu",
  // The shared memory of a container may be too small.
  "--disable-dev-shm-usage",
  // A page that is not in front keeps its timers: two players are two pages.
  "--disable-background-timer-throttling",
  "--disable-backgrounding-occluded-windows",
  "--disable-renderer-backgrounding",
  // Nothing is asked of anybody's servers.
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-default-apps",
  "--disable-sync",
  "--no-first-run",
  "--no-proxy-server",
];

const open = new Set<TestBrowser>();
process.on("exit", () => {
  for (const browser of open) browser.kill();
});

/** Ends what a test left that ran into its time limit. To be called once at the top of a test file. */
export function endLeftBrowsers(): void {
  afterEach(async () => {
    for (const browser of open) await browser.end();
  });
}

export class TestBrowser {
  readonly browser: Browser;
  readonly pid: number;

  private constructor(browser: Browser, pid: number) {
    this.browser = browser;
    this.pid = pid;
    open.add(this);
  }

  static async launch(): Promise<TestBrowser> {
    if (CHROMIUM === undefined) throw new Error(`Cannot start a browser: ${CURE}`);
    const browser = await chromium.launch({
      executablePath: CHROMIUM,
      headless: true,
      args: ARGS,
      timeout: LAUNCH_MS_MAX,
    });
    const session = await browser.newBrowserCDPSession();
    const { processInfo } = await session.send("SystemInfo.getProcessInfo");
    const own = processInfo.find(({ type }) => type === "browser");
    if (own === undefined) throw new Error("Cannot start a browser: it does not say which process it is");
    return new TestBrowser(browser, own.id);
  }

  async end(): Promise<void> {
    await Promise.race([this.browser.close(), pause(CLOSE_MS_MAX)]);
    this.kill();
  }

  /** Does nothing when it has ended. */
  kill(): void {
    if (!open.delete(this)) return;
    if (!this.browser.isConnected()) return;
    try {
      process.kill(this.pid, "SIGKILL");
    } catch {
      // It ended meanwhile.
    }
  }
}

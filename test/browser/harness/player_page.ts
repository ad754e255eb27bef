/**
 * One page with one player, as a test holds it: tells the page what to do, and looks at its record until it says what is waited
 * for.
 */

import type { Browser, JSHandle } from "playwright-core";
import type { ClientStatus } from "#client/client_status.ts";
import { waitFor } from "../../cluster/harness/wait.ts";
import type { PageEnd, PagePlayer, PageRecord, PageRequest } from "./page_player.ts";

const WAIT_MS_MAX = 20_000;

export class PlayerPage {
  /** Errors that nobody caught, and what the page's policy forbade. */
  readonly problems: readonly string[];
  readonly #name: string;
  readonly #player: JSHandle<PagePlayer>;

  private constructor(
    name: string,
    tab: { readonly player: JSHandle<PagePlayer>; readonly problems: readonly string[] },
  ) {
    this.#name = name;
    this.#player = tab.player;
    this.problems = tab.problems;
  }

  static async open(browser: Browser, options: { readonly url: string; readonly name: string }): Promise<PlayerPage> {
    const page = await browser.newPage();
    const problems: string[] = [];
    page.on("pageerror", (error) => problems.push(error.message));
    page.on("console", (message) => {
      // A connection that fails is told here as well; the client's status is what counts.
      if (message.type() === "error" && !message.text().startsWith("WebSocket connection"))
        problems.push(message.text());
    });
    await page.goto(options.url);
    const player = await page.evaluateHandle<PagePlayer>("player");
    return new PlayerPage(options.name, { player, problems });
  }

  async connect(url: string): Promise<void> {
    await this.#player.evaluate((player, [to, name]) => player.connect(to, name), [url, this.#name] as const);
  }

  /** In this order, within one turn of the page's event loop. */
  async ask(...requests: readonly PageRequest[]): Promise<void> {
    await this.#player.evaluate((player, all) => {
      for (const request of all) player.request(request);
    }, requests);
  }

  async abort(name: string): Promise<void> {
    await this.#player.evaluate((player, which) => player.abort(which), name);
  }

  record(): Promise<PageRecord> {
    return this.#player.evaluate((player) => player.record());
  }

  async until<T>(what: string, look: (record: PageRecord) => T | undefined): Promise<T> {
    let last: PageRecord | undefined;
    return await waitFor(
      async () => {
        last = await this.record();
        return look(last);
      },
      { what: `${this.#name}: ${what}`, withinMs: WAIT_MS_MAX, seen: () => last },
    );
  }

  becomes(kind: ClientStatus["kind"]): Promise<ClientStatus> {
    return this.until(`to be ${kind}`, ({ statuses }) => {
      const last = statuses.at(-1);
      return last?.kind === kind ? last : undefined;
    });
  }

  end(name: string): Promise<PageEnd> {
    return this.until(`the end of ${name}`, ({ ends }) => ends[name]);
  }

  ends(names: readonly string[]): Promise<readonly PageEnd[]> {
    return this.until(`the ends of ${names.join(" ")}`, ({ ends }) => {
      const found = names.flatMap((name) => ends[name] ?? []);
      return found.length === names.length ? found : undefined;
    });
  }

  pushes(count: number): Promise<readonly unknown[]> {
    return this.until(`${count} pushes`, ({ pushes }) => (pushes.length >= count ? pushes : undefined));
  }
}

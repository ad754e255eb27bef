/**
 * The web server of a game, for one test: its page, its script, and tokens as its login service signs them. The page may load
 * nothing but that script and must not make code out of text, as a careful game would have it.
 */

import { tokenOf } from "../../cluster/harness/player_token.ts";
import { bundleForBrowser } from "./browser_bundle.ts";

const PAGE = `<!doctype html><title>Kuafu</title><link rel="icon" href="data:,"><script type="module" src="/player.js"></script>`;
const POLICY = "default-src 'none'; script-src 'self'; connect-src 'self' ws:; img-src data:";
/** A player of this name gets a token that nobody has signed. */
export const STRANGER = "stranger";

export interface PageServer {
  readonly url: string;
  stop(): Promise<void>;
}

export async function servePage(): Promise<PageServer> {
  const { text } = await bundleForBrowser("test/browser/harness/page_player.ts");
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    routes: {
      "/": () => answer(PAGE, "text/html; charset=utf-8"),
      "/player.js": () => answer(text, "text/javascript; charset=utf-8"),
      "/token/:player": async ({ params: { player } }) =>
        answer(player === STRANGER ? "not.a.token" : await tokenOf(player), "text/plain"),
    },
    fetch: () => new Response("there is no such page", { status: 404 }),
  });
  return { url: server.url.href, stop: () => server.stop(true) };
}

function answer(body: string, type: string): Response {
  return new Response(body, {
    headers: { "content-type": type, "content-security-policy": POLICY, "cache-control": "no-store" },
  });
}

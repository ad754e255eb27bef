/**
 * The yardstick of an activity that is opened: the same bytes, from an owner over one relay to many sockets.
 *
 *   bare_fan_out.ts relay                what comes on the first socket goes to all later ones
 *   bare_fan_out.ts receivers COUNT PORT
 *   bare_fan_out.ts owner PORT
 */

import { answers } from "../answers.ts";
import type { BareSocket } from "../calls/bare_socket.ts";
import { dialBare, listenBare, splitFrames, writeU32 } from "../calls/bare_socket.ts";

const [what, first, second] = process.argv.slice(2);

function wallMs(): number {
  return performance.timeOrigin + performance.now();
}

switch (what) {
  case "relay": {
    const receivers: BareSocket[] = [];
    const port = listenBare((bare) => {
      bare.onChunk = splitFrames((bytes, at, end) => {
        const frame = bytes.slice(at, end);
        for (const receiver of receivers) if (receiver !== bare) receiver.write(frame);
      });
      receivers.push(bare);
    });
    answers(() => ({ port }));
    break;
  }
  case "receivers": {
    const count = Number(first);
    let waiting = 0;
    let arrived = Promise.withResolvers<{ lastAtMs: number }>();
    for (let index = 0; index < count; index += 1) {
      const bare = await dialBare(Number(second));
      bare.onChunk = splitFrames(() => {
        waiting -= 1;
        if (waiting === 0) arrived.resolve({ lastAtMs: wallMs() });
      });
    }
    answers<{ readonly what: "ready" | "wait" }>((question) => {
      if (question.what === "ready") return {};
      waiting = count;
      arrived = Promise.withResolvers();
      return arrived.promise;
    });
    break;
  }
  case "owner": {
    const bare = await dialBare(Number(first));
    answers<{ readonly size: number }>(({ size }) => {
      const frame = new Uint8Array(size);
      writeU32(frame, 0, size - 4);
      bare.write(frame);
      return {};
    });
    break;
  }
  default:
    throw new Error(`Cannot run ${what}: it is no part of this benchmark`);
}

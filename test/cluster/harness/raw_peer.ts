/**
 * Somebody at a gateway's real port who says what a test wants: bytes, or a handshake and then bytes. No heartbeat,
 * no queue, no redial.
 */

import type { HandshakeStep } from "#link/handshake.ts";
import { DialerHandshake } from "#link/handshake_dialer.ts";
import { bunDigest } from "#runtime/bun_digest.ts";
import { bunRandom } from "#runtime/bun_random.ts";
import { Decoder } from "#wire/decoder.ts";
import { decodeRefuse } from "#wire/handshake.ts";
import { frameBody, frameKind, frameSize, Kind } from "#wire/header.ts";
import { identity } from "#wire/identity.ts";
import type { Identity } from "#wire/identity.ts";
import type { Role } from "#wire/role.ts";
import { parseNodeId } from "#wire/role.ts";
import { fromHex } from "#base/digest.ts";
import { CLUSTER_KEY, CLUSTER_NAME, HEARTBEAT_MS } from "./cluster_file.ts";
import { Notices, waitFor } from "./wait.ts";

const ANSWER_MS_MAX = 5_000;

export interface Claim {
  readonly role: Role;
  readonly number: number;
  readonly shard: number;
  readonly cluster?: string;
  /** 64 hexadecimal digits. */
  readonly key?: string;
}

export class RawPeer {
  readonly frames: Uint8Array[] = [];
  readonly #notices = new Notices();
  readonly #decoder = new Decoder();
  #socket: Bun.Socket | undefined;
  #isClosed = false;

  static async connect(port: number): Promise<RawPeer> {
    const peer = new RawPeer();
    peer.#decoder.setReady();
    const closed = (): void => {
      peer.#isClosed = true;
      peer.#notices.tell();
    };
    peer.#socket = await Bun.connect({
      hostname: "127.0.0.1",
      port,
      socket: {
        data: (_, bytes) => {
          peer.#decoder.push(new Uint8Array(bytes), (buffer, offset) => {
            peer.frames.push(buffer.slice(offset, offset + frameSize(buffer, offset)));
            return true;
          });
          peer.#notices.tell();
        },
        // The other end of a half-closed conn waits for ours.
        end: (socket) => {
          socket.end();
          closed();
        },
        close: closed,
        error: closed,
      },
    });
    return peer;
  }

  get isClosed(): boolean {
    return this.#isClosed;
  }

  /** What the system takes at once; answers how many bytes that were, or -1. */
  write(bytes: Uint8Array): number {
    return this.#socket?.write(bytes) ?? -1;
  }

  end(): void {
    this.#socket?.end();
  }

  closed(): Promise<true> {
    return waitFor(() => (this.#isClosed ? true : undefined), {
      what: "the other end to close",
      withinMs: ANSWER_MS_MAX,
      notices: this.#notices,
    });
  }

  /** Of the refusal that came, if one did. */
  get refusal(): string | undefined {
    const frame = this.frames.find((one) => frameKind(one, 0) === Kind.refuse);
    return frame === undefined ? undefined : decodeRefuse(frameBody(frame, 0))?.reason;
  }

  /** All of the handshake, or as far as the other end takes it. */
  async shake(claim: Claim, target: string): Promise<HandshakeStep> {
    const machine = new DialerHandshake(
      {
        self: identityOf(claim),
        cluster: claim.cluster ?? CLUSTER_NAME,
        keys: [fromHex(claim.key ?? CLUSTER_KEY)],
        heartbeatMs: HEARTBEAT_MS,
        random: bunRandom,
        digest: bunDigest,
      },
      parseNodeId(target) ?? { role: "gateway", number: 0 },
    );
    this.write(machine.start());
    for (let taken = 0; ; taken += 1) {
      const frame = await this.#frame(taken);
      const step = machine.receive(frame, 0);
      if (step.kind !== "send") return step;
      this.write(step.frame);
    }
  }

  #frame(index: number): Promise<Uint8Array> {
    return waitFor(() => this.frames[index], {
      what: `frame ${index} of the other end`,
      withinMs: ANSWER_MS_MAX,
      notices: this.#notices,
      seen: () => ({ closed: this.#isClosed }),
    });
  }
}

export function identityOf({ role, number, shard }: Claim): Identity {
  return identity({ role, number, shard, boot: "ee".repeat(16), startedAtMs: Date.now() });
}

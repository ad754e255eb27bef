/**
 * A simulated network: byte streams between simulated machines, with latency, finite buffers and faults. Gives each
 * process a Transport. Addresses are machine names; a path is one direction between two of them.
 * TCP as far as a program can tell: what is lost comes later, a dead peer says nothing, a full buffer takes nothing.
 */

import { assert } from "#base/assert.ts";
import type { Random } from "#base/random.ts";
import { seededRandom } from "#base/random.ts";
import type { Address, DialHandler, Listener, Transport } from "#link/transport.ts";
import { ListenError, addressText } from "#link/transport.ts";
import type { DialNetwork, SimListener } from "./sim_dial.ts";
import { dialConn } from "./sim_dial.ts";
import type { Parting } from "./sim_endpoint.ts";
import { SimEndpoint } from "./sim_endpoint.ts";
import type { SimHost } from "./sim_host.ts";
import { SimPath } from "./sim_path.ts";
import type { PipeEnd } from "./sim_pipe.ts";
import { SimPipe } from "./sim_pipe.ts";
import type { Machine, SimProcess } from "./sim_process.ts";
import type { SimWorld } from "./sim_world.ts";

const PORT_CHOSEN_MIN = 40_000;

export interface NetworkOptions {
  readonly world: SimWorld;
  readonly latencyMinMs?: number;
  readonly latencyMaxMs?: number;
  readonly jitterMaxMs?: number;
  /** Of one direction of a conn; drawn per conn. */
  readonly bufferSizeMin?: number;
  readonly bufferSizeMax?: number;
}

export class SimNetwork implements DialNetwork {
  readonly world: SimWorld;
  readonly random: Random;
  readonly #options: Required<Omit<NetworkOptions, "world">>;
  readonly #paths = new Map<string, SimPath>();
  readonly #listeners = new Map<string, SimListener>();
  readonly #endpoints = new Set<SimEndpoint>();
  readonly #pipes = new Set<SimPipe>();
  readonly #refusing = new Set<string>();
  readonly #slow = new Set<string>();
  #serial = 0;
  #portNext = PORT_CHOSEN_MIN;
  #connCount = 0;
  #byteCount = 0;

  constructor(options: NetworkOptions) {
    this.world = options.world;
    this.random = seededRandom(Math.floor(options.world.random.unit() * 0x1_0000_0000));
    this.#options = {
      latencyMinMs: options.latencyMinMs ?? 0.1,
      latencyMaxMs: options.latencyMaxMs ?? 5,
      jitterMaxMs: options.jitterMaxMs ?? 2,
      bufferSizeMin: options.bufferSizeMin ?? 16 * 1024,
      bufferSizeMax: options.bufferSizeMax ?? 1024 * 1024,
    };
  }

  /** Conns ever opened. */
  get connCount(): number {
    return this.#connCount;
  }

  /** Bytes ever read. */
  get byteCount(): number {
    return this.#byteCount;
  }

  transport(process: SimProcess): Transport {
    process.onEnd(() => this.#processEnded(process));
    return {
      listen: (address, accept) => this.#listen({ process, accept }, address),
      dial: (address, handler) => this.#dial(process, address, handler),
    };
  }

  path(from: string, to: string): SimPath {
    const key = `${from}>${to}`;
    let path = this.#paths.get(key);
    if (path === undefined) {
      const { latencyMinMs, latencyMaxMs, jitterMaxMs } = this.#options;
      path = new SimPath({
        from,
        to,
        latencyMs: latencyMinMs + this.random.unit() * (latencyMaxMs - latencyMinMs),
        jitterMs: this.random.unit() * jitterMaxMs,
        random: this.random,
      });
      this.#paths.set(key, path);
    }
    return path;
  }

  /** From now on nothing gets from one machine to the other; the other way is another path. */
  cut(from: string, to: string): void {
    this.world.note(from, "cut", to);
    this.path(from, to).cut(this.world.nowMs);
  }

  /** Takes one cut back. What was lost arrives late. */
  heal(from: string, to: string): void {
    const path = this.path(from, to);
    const cutAtMs = path.cutAtMs;
    if (cutAtMs === undefined || !path.heal()) return;
    this.world.note(from, "heal", to);
    for (const pipe of this.#pipes) {
      if (pipe.path === path) pipe.healed(cutAtMs);
      else if (pipe.back === path) pipe.backHealed();
    }
  }

  /** Both ends of every open conn between two machines hear of a reset, as from a firewall between them. */
  reset(a: string, b: string): number {
    const ends = [...this.#endpoints].filter(
      (end) => (end.host.name === a && end.peerHost === b) || (end.host.name === b && end.peerHost === a),
    );
    for (const end of ends) end.process.deliver(() => end.closeBy("reset"));
    if (ends.length > 0) this.world.note(a, "reset conns", b);
    return ends.length;
  }

  /** Each open end, with this chance, hears of a reset; its other end does not. */
  resetStorm(share: number): number {
    const ends = [...this.#endpoints].filter(() => this.random.unit() < share);
    for (const end of ends) end.process.deliver(() => end.closeBy("reset"));
    this.world.note("network", "reset storm", { ends: ends.length });
    return ends.length;
  }

  /** New conns to this machine are refused. */
  setRefusing(host: string, isRefusing: boolean): void {
    this.world.note(host, isRefusing ? "refuses" : "accepts");
    if (isRefusing) this.#refusing.add(host);
    else this.#refusing.delete(host);
  }

  /** The processes of this machine read nothing, while their timers and writes go on. */
  setSlow(host: string, isSlow: boolean): void {
    this.world.note(host, isSlow ? "reads nothing" : "reads");
    if (isSlow) this.#slow.add(host);
    else this.#slow.delete(host);
    for (const end of this.#endpoints) if (end.host.name === host) end.setSlow(isSlow);
  }

  /** kill -9: the kernel closes what was open. */
  kill(host: SimHost): void {
    host.process?.end();
  }

  /** No power: nobody hears of it. */
  powerOff(host: SimHost): void {
    if (!host.hasPower) return;
    host.hasPower = false;
    this.world.note(host.name, "power off");
    host.process?.end();
    for (const pipe of this.#pipes) if (pipe.from.process.host === host) pipe.senderDark();
  }

  /** The kernel is back, without any conn: it resets what still arrives for the old ones. */
  powerOn(host: SimHost): void {
    if (host.hasPower) return;
    host.hasPower = true;
    this.world.note(host.name, "power on");
    for (const pipe of this.#pipes) if (pipe.to.process.host === host) pipe.receiverGone();
  }

  after(delayMs: number, fn: () => void): void {
    this.world.after(delayMs, fn);
  }

  hasPower(host: string): boolean | undefined {
    return this.world.findHost(host)?.hasPower;
  }

  note(who: string, what: string, detail?: unknown): void {
    this.world.note(who, what, detail);
  }

  noteBytes(from: PipeEnd, to: PipeEnd, bytes: Uint8Array): void {
    this.#byteCount += bytes.length;
    this.world.trace.mix(from.serial);
    this.world.trace.mix(to.serial);
    this.world.trace.mixBytes(bytes);
  }

  forget(endpoint: SimEndpoint): void {
    this.#endpoints.delete(endpoint);
    for (const pipe of endpoint.pipes) if (pipe.from.isClosed && pipe.to.isClosed) this.#pipes.delete(pipe);
  }

  /** Who listens there and takes new conns; undefined: it is refused. */
  listenerAt(address: Address): SimListener | undefined {
    return this.#refusing.has(address.host) ? undefined : this.#listeners.get(addressText(address));
  }

  /** A new conn between two processes; nobody listens to its ends yet. */
  open(client: SimProcess, server: SimProcess, address: Address): { client: SimEndpoint; server: SimEndpoint } {
    this.#connCount += 1;
    const near = this.#endpoint(client, addressText(address));
    const far = this.#endpoint(server, addressText({ host: client.host.name, port: this.#portNext }));
    this.#portNext += 1;
    const there = this.#pipe(near, far);
    const here = this.#pipe(far, near);
    near.connect({ in: here, out: there });
    far.connect({ in: there, out: here });
    this.note(client.host.name, "conn", { to: addressText(address), near: near.serial, far: far.serial });
    for (const end of [near, far]) {
      this.#endpoints.add(end);
      if (this.#slow.has(end.host.name)) end.setSlow(true);
    }
    return { client: near, server: far };
  }

  #endpoint(process: SimProcess, remote: string): SimEndpoint {
    this.#serial += 1;
    return new SimEndpoint({ serial: this.#serial, remote, process, network: this });
  }

  #pipe(from: SimEndpoint, to: SimEndpoint): SimPipe {
    const { bufferSizeMin, bufferSizeMax } = this.#options;
    const pipe = new SimPipe({
      from,
      to,
      path: this.path(from.host.name, to.host.name),
      back: this.path(to.host.name, from.host.name),
      world: this.world,
      random: this.random,
      capacity: bufferSizeMin + Math.floor(this.random.unit() * (bufferSizeMax - bufferSizeMin)),
    });
    this.#pipes.add(pipe);
    return pipe;
  }

  #listen(listener: SimListener, wanted: Address): Listener {
    const { host } = listener.process;
    let { port } = wanted;
    if (port === 0) {
      port = this.#portNext;
      this.#portNext += 1;
    }
    const address = { host: host.name, port };
    if (wanted.host !== host.name && wanted.host !== "0.0.0.0") {
      throw new ListenError(`Cannot listen on ${addressText(wanted)}: the machine is ${host.name}`);
    }
    const key = addressText(address);
    if (this.#listeners.has(key)) throw new ListenError(`Cannot listen on ${key}: the address is taken`);
    this.#listeners.set(key, listener);
    return {
      address,
      close: () => {
        if (this.#listeners.get(key) === listener) this.#listeners.delete(key);
      },
    };
  }

  #dial(process: SimProcess, address: Address, handler: DialHandler): { cancel(): void } {
    assert(process.host.hasPower, "a process needs power");
    return dialConn({ network: this, process, address, handler });
  }

  #processEnded(process: SimProcess): void {
    for (const [key, listener] of this.#listeners) if (listener.process === process) this.#listeners.delete(key);
    for (const end of [...this.#endpoints]) {
      if (end.process === process) end.abandon(this.#parting(process.host));
    }
  }

  #parting(host: Machine): Parting {
    if (!host.hasPower) return "nothing";
    return this.random.unit() < 0.5 ? "reset" : "end";
  }
}

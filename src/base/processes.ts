/**
 * Child processes of this executable as an argument: the supervisor decides, runtime/ starts and signals them.
 */

export type ExitStatus =
  { readonly kind: "code"; readonly code: number } | { readonly kind: "signal"; readonly signal: string };

export interface ChildEvents {
  /** One line of its standard output or error, without the line end. */
  line(text: string): void;
  /** Exactly once, after its last line. */
  exited(status: ExitStatus): void;
}

export interface ChildProcess {
  readonly pid: number;
  /** Asks it to stop (SIGTERM). Harmless once it has ended, like `kill`. */
  terminate(): void;
  /** Ends it and all that it started (SIGKILL). */
  kill(): void;
}

export type SpawnResult =
  { readonly kind: "ok"; readonly child: ChildProcess } | { readonly kind: "failed"; readonly reason: string };

export interface Processes {
  /** Starts this executable with other arguments; it does not outlive this process, however that ends. */
  spawn(args: readonly string[], events: ChildEvents): SpawnResult;
}

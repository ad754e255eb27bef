/**
 * What the run asks of the process whose connections are cut, and what that answers.
 */

export type CutQuestion =
  /** Until there are so many players. */
  | { readonly what: "enter"; readonly count: number }
  /** Until the clients have forgotten the last cut, and the door lets in its burst. */
  | { readonly what: "rest" }
  /** The connections of the first `count` players end at once. Without backoff a client dials again at once. */
  | { readonly what: "cut"; readonly count: number; readonly hasBackoff: boolean };

export interface Cut {
  /** From the cut on, until half of the players are online again, and all. */
  readonly halfMs: number;
  readonly lastMs: number;
  /** What the last one spent of that without dialling. */
  readonly lastWaitedMs: number;
  readonly refused: number;
  /** Players who came back with a new session. */
  readonly anew: number;
}

/**
 * One thing that is wrong with a request: where, what was found and what is allowed.
 */

export interface Issue {
  /** Like `schedule.closesAtMs`. */
  readonly path: string;
  readonly message: string;
}

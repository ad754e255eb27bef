/**
 * What a hook throws to say no: a typed outcome for whoever asked, not a fault of the kind. Nothing of the report or
 * join holds then.
 */

/** Longer texts are cut. */
export const REFUSAL_TEXT_MAX = 500;

export class Refusal extends Error {
  override readonly name = "Refusal";

  constructor(text: string) {
    super(text.length <= REFUSAL_TEXT_MAX ? text : `${text.slice(0, REFUSAL_TEXT_MAX - 1)}…`);
  }
}

/**
 * A change that this player's items do not allow to be one, whatever there is of them: a unique item is taken by its id and
 * not by a count. By itself, since modules that a browser loads may name it.
 */

export class ChangeFault extends TypeError {
  override readonly name = "ChangeFault";
}

/**
 * Bytes that wait in all send queues of this process together. When they are too many the largest queue gives
 * way, since it is the one whose reader is slowest. One object is shared by all hubs of a process.
 */

export const PROCESS_QUEUED_SIZE_MAX = 256 * 1024 * 1024;

export interface BudgetMember {
  readonly queuedSize: number;
  /** Must let go of all its bytes. */
  overBudget(): void;
}

export class SendBudget {
  readonly sizeMax: number;
  readonly #members = new Set<BudgetMember>();
  #usedSize = 0;

  constructor(sizeMax: number = PROCESS_QUEUED_SIZE_MAX) {
    this.sizeMax = sizeMax;
  }

  get usedSize(): number {
    return this.#usedSize;
  }

  join(member: BudgetMember): void {
    this.#members.add(member);
  }

  leave(member: BudgetMember): void {
    this.#members.delete(member);
  }

  /** May end any member, the one that charges included. */
  charge(size: number): void {
    this.#usedSize += size;
    while (this.#usedSize > this.sizeMax) {
      const largest = this.#largest();
      if (largest === undefined) return;
      this.#members.delete(largest);
      largest.overBudget();
    }
  }

  release(size: number): void {
    this.#usedSize -= size;
  }

  #largest(): BudgetMember | undefined {
    let found: BudgetMember | undefined;
    for (const member of this.#members) {
      if (found === undefined || member.queuedSize > found.queuedSize) found = member;
    }
    return found;
  }
}

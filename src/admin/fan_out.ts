/**
 * Asks many at once, at most FAN_OUT_MAX at a time, and keeps their order.
 */

export const FAN_OUT_MAX = 32;

export async function fanOut<T, R>(items: readonly T[], ask: (item: T) => Promise<R>): Promise<R[]> {
  const out: R[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const index = next;
      next += 1;
      out[index] = await ask(items[index] as T);
    }
  };
  await Promise.all(Array.from({ length: Math.min(FAN_OUT_MAX, items.length) }, work));
  return out;
}

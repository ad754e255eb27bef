/**
 * The other side of worker.ts: a script that answers what the run asks, one question at a time. A failure ends it.
 */

export function answers<Question>(answer: (question: Question) => unknown): void {
  process.on("message", (question: Question) => {
    void (async () => {
      try {
        process.send?.((await answer(question)) ?? null);
      } catch (error) {
        console.error(error);
        process.exit(1);
      }
    })();
  });
  // The run has gone, so has the reason to be here.
  process.on("disconnect", () => process.exit(0));
}

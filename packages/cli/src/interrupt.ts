/** Ctrl-C was pressed: work stops at the next safe point. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}

/**
 * Runs work that stops cleanly on Ctrl-C: the first one aborts the signal, so that the work ends at its next
 * safe point; a second one ends the process at once.
 * @param whenStopped what to tell the user when it was stopped, such as how to go on
 */
export async function withInterrupt<T>(
  whenStopped: string,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const controller = new AbortController();
  const stop = () => {
    if (controller.signal.aborted) process.exit(130);
    console.error("\nstopping (Ctrl-C again to stop at once)");
    controller.abort(new Interrupted(`bindscape: stopped. ${whenStopped}`));
  };
  process.on("SIGINT", stop);
  process.on("SIGTERM", stop);
  try {
    return await work(controller.signal);
  } finally {
    process.off("SIGINT", stop);
    process.off("SIGTERM", stop);
  }
}

/** Lets what waits, such as Ctrl-C, have its turn; throws where the work is to stop. */
export async function takeTurn(signal?: AbortSignal): Promise<void> {
  await new Promise<void>((resolve) => {
    setTimeout(resolve, 0);
  });
  signal?.throwIfAborted();
}

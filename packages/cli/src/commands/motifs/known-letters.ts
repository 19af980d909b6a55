import { BindscapeError } from "@bindscape/numerics";

/**
 * Refuses a file none of whose sequences has a letter to look at: all are empty, or of N alone.
 * @param letters how many letters the alphabet has; codes from there on are unknown
 */
export function requireKnownLetters(
  sequences: readonly { readonly codes: Uint8Array }[],
  file: string,
  letters = 4,
): void {
  if (sequences.some(({ codes }) => codes.some((code) => code < letters))) return;
  const bases = sequences.reduce((sum, { codes }) => sum + codes.length, 0);
  throw new BindscapeError({
    source: file,
    found: `${sequences.length} sequences ${bases === 0 ? "without letters" : "of unknown letters (N) alone"}`,
    expected: "sequences with known letters",
  });
}

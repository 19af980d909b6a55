import { BindscapeError } from "@bindscape/numerics";

/**
 * The background that a MEME motif file states ("Background letter frequencies"), as A, C, G, T.
 * @throws BindscapeError where there is none, or not four probabilities
 */
export function readMemeBackground(text: string, source: string): number[] {
  const lines = text.split(/\r\n|\n|\r/);
  const title = lines.findIndex((line) => /^\s*Background letter frequencies/.test(line));
  const numbers = new Map<string, number>();
  for (const line of title < 0 ? [] : lines.slice(title + 1, title + 6)) {
    const pairs = [...line.matchAll(/([ACGT])\s+([\d.eE+-]+)/g)];
    if (pairs.length === 0 && numbers.size > 0) break;
    for (const [, letter, number] of pairs) numbers.set(letter, Number(number));
  }
  const background = [..."ACGT"].map((letter) => numbers.get(letter) ?? Number.NaN);
  const sum = background.reduce((total, value) => total + value, 0);
  if (background.every((value) => value > 0) && Math.abs(sum - 1) < 0.01) {
    return background.map((value) => value / sum);
  }
  throw new BindscapeError({
    source,
    line: title < 0 ? undefined : title + 2,
    found:
      title < 0 ? "no background letter frequencies" : `the background ${background.join(", ")} (A, C, G, T)`,
    expected: 'a MEME file with a line "A 0.3 C 0.2 G 0.2 T 0.3" under "Background letter frequencies"',
    next: "Give another background",
  });
}

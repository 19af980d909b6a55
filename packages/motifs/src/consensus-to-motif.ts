import { BindscapeError } from "@bindscape/numerics";
import { clip } from "./formats/matrix-rows.js";
import { basesOf } from "./iupac.js";
import type { Motif } from "./motif.js";

/** What {@link motifFromConsensus} may be told. */
export interface ConsensusOptions {
  /** Id and name of the motif; the text itself when left out. */
  readonly id?: string;
  readonly name?: string;
  /** Sites it is to count as, which weighs pseudocounts; 20 when left out. */
  readonly sites?: number;
}

/** Longest motif made: repeats could ask for any length. */
const LONGEST_CONSENSUS = 1000;

/**
 * A motif from a consensus, of IUPAC letters in either case, or from a regular expression of fixed width: letters, "." for
 * any base, classes such as [AG] and [^T] (with letters for several bases too), each with a repeat {n} if wanted. The
 * bases a position allows are equally probable.
 *
 * @throws BindscapeError with the offset of what cannot be read, or has no fixed width
 */
export function motifFromConsensus(text: string, options: ConsensusOptions = {}): Motif {
  const { id = text, name = id, sites = 20 } = options;
  const source = `consensus "${clip(text)}"`;
  const positions: ReadonlySet<number>[] = [];
  // Anchors say nothing of the motif itself.
  const start = text.startsWith("^") ? 1 : 0;
  const end = text.endsWith("$") ? text.length - 1 : text.length;
  for (let at = start; at < end; ) {
    const { bases, next } = readPosition(text, at, source);
    const { count, after } = readRepeat(text, next, source);
    if (positions.length + count > LONGEST_CONSENSUS) {
      throw new BindscapeError({
        source,
        offset: at,
        found: `more than ${LONGEST_CONSENSUS} positions`,
        expected: `a motif of at most ${LONGEST_CONSENSUS}`,
      });
    }
    for (let i = 0; i < count; i++) positions.push(bases);
    at = after;
  }
  if (positions.length === 0) {
    throw new BindscapeError({ source, found: "no position", expected: "IUPAC letters or [classes]" });
  }
  const probabilities = new Float64Array(positions.length * 4);
  for (const [position, bases] of positions.entries()) {
    for (const base of bases) probabilities[position * 4 + base] = 1 / bases.size;
  }
  return { id, name, probabilities, length: positions.length, sites };
}

/** Whether a text is a consensus or expression that {@link motifFromConsensus} reads, and not, say, a file name. */
export function isConsensus(text: string): boolean {
  return /^\^?([ACGTURYSWKMBDHVN.]|\[\^?[ACGTURYSWKMBDHVN]+\]|\{\d+\})+\$?$/i.test(text);
}

function readPosition(
  text: string,
  at: number,
  source: string,
): { bases: ReadonlySet<number>; next: number } {
  if (text[at] !== "[") {
    return { bases: new Set(basesAt(text, at, source)), next: at + 1 };
  }
  const close = text.indexOf("]", at);
  if (close < 0) {
    throw new BindscapeError({
      source,
      offset: at,
      found: '"[" without "]"',
      expected: "a class such as [AG]",
    });
  }
  const isNegated = text[at + 1] === "^";
  const named = new Set<number>();
  for (let i = at + (isNegated ? 2 : 1); i < close; i++) {
    for (const base of basesAt(text, i, source)) named.add(base);
  }
  const bases = isNegated ? new Set([0, 1, 2, 3].filter((base) => !named.has(base))) : named;
  if (named.size === 0 || bases.size === 0) {
    throw new BindscapeError({
      source,
      offset: at,
      found: `"${text.slice(at, close + 1)}", which allows no base`,
      expected: "a class such as [AG] or [^T]",
    });
  }
  return { bases, next: close + 1 };
}

function basesAt(text: string, at: number, source: string): number[] {
  const character = String.fromCodePoint(text.codePointAt(at)!);
  const bases = character === "." ? "ACGT" : basesOf(character);
  if (bases === null) {
    const isVariable = "*+?|(){}".includes(character);
    throw new BindscapeError({
      source,
      offset: at,
      found: `"${clip(character)}"`,
      expected: isVariable
        ? "positions of fixed width: letters, classes, repeats {n}"
        : 'an IUPAC letter of DNA (ACGTRYSWKMBDHVN), "." or a class such as [AG]',
      next: isVariable ? "Spell out each alternative as a motif of its own" : undefined,
    });
  }
  return [...bases].map((base) => "ACGT".indexOf(base));
}

function readRepeat(text: string, at: number, source: string): { count: number; after: number } {
  if (text[at] !== "{") return { count: 1, after: at };
  const found = /^\{(\d{1,4})(,\d*)?\}/.exec(text.slice(at));
  const count = Number(found?.[1]);
  if (found === null || (found[2] !== undefined && found[2] !== `,${found[1]}`) || count === 0) {
    throw new BindscapeError({
      source,
      offset: at,
      found: `"${clip(text.slice(at, at + 12))}"`,
      expected: "a repeat of fixed width, such as {3}",
    });
  }
  return { count, after: at + found[0].length };
}

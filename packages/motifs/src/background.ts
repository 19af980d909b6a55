import { BindscapeError } from "@bindscape/numerics";
import { type Alphabet, DNA } from "./alphabet.js";
import { clip } from "./formats/matrix-rows.js";

/** Highest order of a {@link MarkovBackground} made from sequences. */
export const HIGHEST_ORDER = 5;

/** How probable letters are given those before them: a Markov model of some order. */
export interface MarkovBackground {
  readonly alphabet: Alphabet;
  /** How many letters before one tell about it; 0 where none does. */
  readonly order: number;
  /**
   * Probabilities of words of 1, 2, .. order + 1 letters: `words[k][code]` for a word of k + 1 letters, its code
   * being the number its letters' codes write in base `alphabet.letters.length`, first letter highest.
   */
  readonly words: readonly Float64Array[];
}

/** Letter frequencies A, C, G, T of the non-redundant nucleotide database, as FIMO uses them by default. */
export const NRDB_BACKGROUND: readonly number[] = Object.freeze([0.281774, 0.22202, 0.228876, 0.26733]);

/** What {@link backgroundFromSequences} may be told. */
export interface BackgroundOptions {
  /** 0 (the default) to 5. */
  readonly order?: number;
  /** Count both strands, so that a word is as probable as its reverse complement (the default). */
  readonly bothStrands?: boolean;
  /**
   * Added for every word, spread over the words of a length in proportion to the product of their letters'
   * probabilities (for single letters evenly); 1 when left out, so that no word is impossible.
   */
  readonly pseudocount?: number;
  readonly alphabet?: Alphabet;
}

/**
 * The Markov model of sequences: relative frequencies of words that hold known letters only.
 *
 * @param sequences codes; a code outside the alphabet breaks words
 * @throws BindscapeError for an order out of range and where no letter is known
 */
export function backgroundFromSequences(
  sequences: Iterable<Uint8Array>,
  options: BackgroundOptions = {},
): MarkovBackground {
  const { order = 0, bothStrands = true, pseudocount = 1, alphabet = DNA } = options;
  if (!(Number.isInteger(order) && order >= 0 && order <= HIGHEST_ORDER)) {
    throw new BindscapeError({
      source: "background order",
      found: `${order}`,
      expected: `a whole number from 0 to ${HIGHEST_ORDER}`,
    });
  }
  const size = alphabet.letters.length;
  const counts = Array.from({ length: order + 1 }, (_, k) => new Float64Array(size ** (k + 1)));
  for (const codes of sequences) countWords(codes, size, counts);
  if (bothStrands) for (const [k, table] of counts.entries()) addOtherStrand(table, k + 1, alphabet);
  const letters = counts[0].reduce((sum, count) => sum + count, 0);
  if (letters === 0) {
    throw new BindscapeError({
      source: "background",
      found: "sequences without a known letter",
      expected: `letters of ${alphabet.name}`,
    });
  }
  const words: Float64Array[] = [];
  for (const [k, table] of counts.entries()) {
    const total = table.reduce((sum, count) => sum + count, 0);
    words.push(
      table.map((count, word) => {
        const expected = k === 0 ? 1 / size : productOfLetters(word, k + 1, words[0]);
        return (count + pseudocount * expected) / (total + pseudocount);
      }),
    );
  }
  return { alphabet, order, words };
}

/** A model of order 0 from the letters' probabilities. */
export function backgroundOfLetters(
  probabilities: ArrayLike<number>,
  alphabet: Alphabet = DNA,
): MarkovBackground {
  return { alphabet, order: 0, words: [Float64Array.from(probabilities)] };
}

/**
 * The probability of each letter after each context of `order` letters: entry context x letters + letter. A
 * context that never occurs takes the letters' own probabilities.
 */
export function conditionalProbabilities(background: MarkovBackground): Float64Array {
  const size = background.alphabet.letters.length;
  const joint = background.words[background.order];
  const conditional = new Float64Array(joint.length);
  for (let at = 0; at < joint.length; at += size) {
    let sum = 0;
    for (let letter = 0; letter < size; letter++) sum += joint[at + letter];
    for (let letter = 0; letter < size; letter++) {
      conditional[at + letter] = sum > 0 ? joint[at + letter] / sum : background.words[0][letter];
    }
  }
  return conditional;
}

/**
 * Reads a background file as fasta-get-markov and MEME write it: lines "WORD PROBABILITY", all words of each
 * length up to the order plus one; # begins a comment. Letters may be in either case.
 *
 * @throws BindscapeError with the line for anything else, and for words that are missing
 */
export function readBackground(text: string, source: string, alphabet: Alphabet = DNA): MarkovBackground {
  const size = alphabet.letters.length;
  const seen: Map<number, number>[] = [];
  for (const [index, raw] of text.split(/\r\n|\n|\r/).entries()) {
    const line = index + 1;
    const content = raw.replace(/#.*/, "").trim();
    if (content === "") continue;
    const [word, number, ...rest] = content.split(/\s+/);
    const codes = [...word].map((letter) => codeOfLetter(letter, alphabet));
    const probability = Number(number);
    if (
      number === undefined ||
      rest.length > 0 ||
      codes.includes(-1) ||
      !(probability >= 0 && probability <= 1)
    ) {
      throw new BindscapeError({
        source,
        line,
        found: `"${clip(content)}"`,
        expected: `a word of ${[...alphabet.letters].join(", ")} and its probability`,
      });
    }
    if (codes.length > HIGHEST_ORDER + 1) {
      throw new BindscapeError({
        source,
        line,
        found: `the word "${clip(word)}" of ${codes.length} letters`,
        expected: `at most ${HIGHEST_ORDER + 1}`,
      });
    }
    seen[codes.length - 1] ??= new Map();
    const code = codes.reduce((sum, letter) => sum * size + letter, 0);
    if (seen[codes.length - 1].has(code)) {
      throw new BindscapeError({ source, line, found: `the word "${clip(word)}" a second time` });
    }
    seen[codes.length - 1].set(code, probability);
  }
  if (seen.length === 0) {
    throw new BindscapeError({
      source,
      found: "no probabilities",
      expected: "a background file: a letter and its probability on each line",
    });
  }
  const words = Array.from({ length: seen.length }, (_, k) => {
    const given = seen[k];
    const table = new Float64Array(size ** (k + 1));
    for (const [code, probability] of given ?? []) table[code] = probability;
    const sum = table.reduce((total, value) => total + value, 0);
    const isEmptyLetter = k === 0 && table.some((value) => value === 0);
    if (given === undefined || given.size !== table.length || Math.abs(sum - 1) > 0.01 || isEmptyLetter) {
      throw new BindscapeError({
        source,
        found: `${given?.size ?? 0} words of ${k + 1} ${k === 0 ? "letter" : "letters"} that sum to ${sum}`,
        expected: `all ${table.length}, summing to 1${k === 0 ? ", none of them 0" : ""}`,
      });
    }
    return table.map((value) => value / sum);
  });
  return { alphabet, order: words.length - 1, words };
}

/** The model as a background file of the MEME suite. */
export function writeBackground(background: MarkovBackground): string {
  const { letters } = background.alphabet;
  const lines: string[] = [];
  for (const [k, table] of background.words.entries()) {
    lines.push(`#   order ${k}`);
    for (const [code, probability] of table.entries()) {
      let word = "";
      for (let i = 0, rest = code; i <= k; i++, rest = Math.floor(rest / letters.length)) {
        word = letters[rest % letters.length] + word;
      }
      lines.push(`${word} ${probability.toExponential(3)}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function codeOfLetter(letter: string, alphabet: Alphabet): number {
  const exact = alphabet.letters.indexOf(letter);
  return exact >= 0 ? exact : alphabet.letters.indexOf(letter.toUpperCase());
}

function countWords(codes: Uint8Array, size: number, counts: readonly Float64Array[]): void {
  const longest = counts.length;
  const recent = new Int32Array(longest);
  let run = 0;
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i];
    if (code >= size) {
      run = 0;
      continue;
    }
    run++;
    // recent[k] numbers the last k + 1 letters.
    for (let k = longest - 1; k > 0; k--) recent[k] = recent[k - 1] * size + code;
    recent[0] = code;
    for (let k = 0; k < longest && k < run; k++) counts[k][recent[k]]++;
  }
}

function addOtherStrand(table: Float64Array, length: number, alphabet: Alphabet): void {
  const size = alphabet.letters.length;
  const own = table.slice();
  for (let word = 0; word < own.length; word++) {
    let other = 0;
    for (let i = 0, rest = word; i < length; i++, rest = Math.floor(rest / size)) {
      other = other * size + alphabet.complement[rest % size];
    }
    table[other] += own[word];
  }
}

function productOfLetters(word: number, length: number, letters: Float64Array): number {
  let product = 1;
  for (let i = 0, rest = word; i < length; i++, rest = Math.floor(rest / letters.length)) {
    product *= letters[rest % letters.length];
  }
  return product;
}

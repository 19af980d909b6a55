import { chromosomeKey, decideMeaningOfX, guessMeaningOfX, type MeaningOfX, nameCore } from "./name.js";

export interface ChromosomeMatch {
  /** From each name that was matched to its counterpart. */
  readonly map: Map<string, string>;
  /** Names without a counterpart, in the order given. */
  readonly unmatched: string[];
}

/** How sure a match is; the lowest wins where several names want the same counterpart. */
const exact = 0;
const sameCore = 1;
const sameKey = 2;

/**
 * Matches one file's chromosome names to another's: 1, chr1, Chr01, I and chrI; M, MT, Mito and chrM; X and chrX;
 * Ensembl's GL000191.1 and UCSC's chr1_gl000191_random. Equal names always match. Whether X is the sex chromosome or
 * a Roman 10 is decided by the whole list it stands in, and by the other list where that leaves it open. Where two
 * names would go to the same counterpart, the closer one gets it, and neither does where they are equally close.
 */
export function matchChromosomeNames(from: readonly string[], to: readonly string[]): ChromosomeMatch {
  const fromNames = [...new Set(from)];
  const toNames = [...new Set(to)];
  const targets = new Set(toNames);
  const meanings = decideBoth(fromNames, toNames);
  const toByCore = groupBy(toNames, (name) => nameCore(name).toUpperCase());
  const toByKey = groupBy(toNames, (name) => chromosomeKey(name, meanings.to));

  const candidates = new Map<string, { name: string; rank: number }[]>();
  for (const name of fromNames) {
    const found = findTarget(name);
    if (found === undefined) continue;
    const rivals = candidates.get(found.target) ?? [];
    rivals.push({ name, rank: found.rank });
    candidates.set(found.target, rivals);
  }
  const map = new Map<string, string>();
  for (const [target, rivals] of candidates) {
    const best = Math.min(...rivals.map(({ rank }) => rank));
    const winners = rivals.filter(({ rank }) => rank === best);
    if (winners.length === 1) map.set(winners[0].name, target);
  }
  const ordered = new Map(fromNames.filter((name) => map.has(name)).map((name) => [name, map.get(name)!]));
  return { map: ordered, unmatched: fromNames.filter((name) => !map.has(name)) };

  function findTarget(name: string): { target: string; rank: number } | undefined {
    if (targets.has(name)) return { target: name, rank: exact };
    const key = chromosomeKey(name, meanings.from);
    // The same letters after chr, and the same meaning of them: MT is chrMT where chrM is there too.
    const byCore = toByCore
      .get(nameCore(name).toUpperCase())
      ?.filter((target) => chromosomeKey(target, meanings.to) === key);
    if (byCore?.length === 1) return { target: byCore[0], rank: sameCore };
    const byKey = toByKey.get(key);
    return byKey?.length === 1 ? { target: byKey[0], rank: sameKey } : undefined;
  }
}

/** What X means in either list; a list that leaves it open takes the other's reading. */
function decideBoth(from: string[], to: string[]): { from: MeaningOfX; to: MeaningOfX } {
  const fromMeaning = decideMeaningOfX(from);
  const toMeaning = decideMeaningOfX(to);
  const otherwise = guessMeaningOfX(from) ?? guessMeaningOfX(to) ?? "sex";
  return { from: fromMeaning ?? toMeaning ?? otherwise, to: toMeaning ?? fromMeaning ?? otherwise };
}

function groupBy(names: string[], keyOf: (name: string) => string): Map<string, string[]> {
  const groups = new Map<string, string[]>();
  for (const name of names) {
    const key = keyOf(name);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [name]);
    else group.push(name);
  }
  return groups;
}

/**
 * A sentence for error messages about names that were not matched: which they are, and which would be known.
 * @param unmatched names that no counterpart was found for.
 * @param known the names of the assembly.
 * @param assembly what the sentence calls the assembly, such as sacCer3.
 */
export function suggestChromosomeNames(
  unmatched: readonly string[],
  known: readonly string[],
  assembly = "the assembly",
): string {
  if (unmatched.length === 0) return `All chromosome names are known in ${assembly}`;
  const what = unmatched.length === 1 ? "chromosome name" : `${unmatched.length} chromosome names`;
  const verb = unmatched.length === 1 ? "is" : "are";
  const has =
    known.length === 0
      ? "which has no chromosomes"
      : `which has ${listSome(known, 6)}${known.length > 6 ? ` (${known.length} in all)` : ""}`;
  const near = unmatched.length === 1 ? nearestName(unmatched[0], known) : undefined;
  const question = near === undefined ? "" : `; did you mean ${near}?`;
  return `The ${what} ${listSome(unmatched, 6)} ${verb} not known in ${assembly}, ${has}${question}`;
}

function listSome(names: readonly string[], most: number): string {
  const shown = names.slice(0, most).map((name) => (name.length > 40 ? `${name.slice(0, 40)}...` : name));
  return shown.join(", ") + (names.length > most ? ", ..." : "");
}

/** The known name that differs least, where it differs in one character at most, case and chr aside. */
function nearestName(name: string, known: readonly string[]): string | undefined {
  const core = nameCore(name).toUpperCase();
  if (core.length > 100) return undefined;
  const near = known.filter((other) => differsLittle(core, nameCore(other).toUpperCase()));
  return near.length === 1 ? near[0] : undefined;
}

/** Whether one insertion, deletion or replacement at most makes two texts of 3 or more characters equal. */
function differsLittle(a: string, b: string): boolean {
  if (a === b) return true;
  if (Math.min(a.length, b.length) < 3 || Math.abs(a.length - b.length) > 1) return false;
  let start = 0;
  while (start < a.length && a[start] === b[start]) start++;
  let tail = 0;
  const longestTail = Math.min(a.length, b.length) - start;
  while (tail < longestTail && a[a.length - 1 - tail] === b[b.length - 1 - tail]) tail++;
  return Math.max(a.length, b.length) - start - tail <= 1;
}

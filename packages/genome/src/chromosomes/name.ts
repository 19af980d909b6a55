/** Roman X as the number 10, or X as the sex chromosome. */
export type MeaningOfX = "ten" | "sex";

const mitochondrial = /^(M|MT|MITO|MITOCHONDRION|MITOCHONDRIAL|MITOCHONDRIA|MTDNA|MITOCHONDRION_GENOME)$/;
const plastid = /^(C|CP|PT|PLTD|CHLOROPLAST|PLASTID)$/;
/** Ensembl and GenBank write GL000191.1, UCSC chr1_gl000191_random or chrUn_KI270302v1. */
const accession = /(?:^|_)([A-Z]{1,2}\d{5,8})(?:[.V](\d+))?(?:_RANDOM)?$/;
const largestRoman = 40;
const numberOfRoman = new Map(Array.from({ length: largestRoman - 1 }, (_, i) => [toRoman(i + 1), i + 1]));

/** A name without chr, Chr, chrom or chromosome before it, unless nothing would be left. */
export function nameCore(name: string): string {
  return name.replace(/^(chromosome|chrom|chr)[_ ]?(?=.)/i, "");
}

/**
 * What X means in a list of names, where the list shows it: 10 beside 9 or numbers past 10 in Roman, the sex
 * chromosome beside Y or among Arabic numbers. Arabic numbers up to 10 without an X show that a 10 is what another
 * list may call X.
 */
export function decideMeaningOfX(names: readonly string[]): MeaningOfX | undefined {
  const cores = names.map((name) => nameCore(name).toUpperCase());
  const arabic = new Set(cores.filter((core) => /^\d+$/.test(core)).map(Number));
  if (arabic.size > 0) {
    if (cores.includes("X")) return "sex";
    return arabic.has(9) && arabic.has(10) ? "ten" : undefined;
  }
  if (romanNumbers(cores).some((number) => number === 9 || number > 10)) return "ten";
  return cores.includes("Y") ? "sex" : undefined;
}

/** The likelier meaning where no list shows it: I to V and X, and no others, are a worm's chromosomes. */
export function guessMeaningOfX(names: readonly string[]): MeaningOfX | undefined {
  const numbers = new Set(romanNumbers(names.map((name) => nameCore(name).toUpperCase())));
  return [1, 2, 3, 4, 5, 10].every((number) => numbers.has(number)) ? "sex" : undefined;
}

function romanNumbers(cores: readonly string[]): number[] {
  return cores.map((core) => numberOfRoman.get(core) ?? 0);
}

/** What a name stands for, the same for all its spellings: "#10", "X", "mitochondrion", or the name itself. */
export function chromosomeKey(name: string, meaningOfX: MeaningOfX): string {
  const core = nameCore(name).toUpperCase();
  if (/^\d+$/.test(core)) return `#${core.replace(/^0+(?=.)/, "")}`;
  if (core === "X") return meaningOfX === "ten" ? "#10" : "X";
  const roman = numberOfRoman.get(core);
  if (roman !== undefined) return `#${roman}`;
  if (mitochondrial.test(core)) return "mitochondrion";
  if (plastid.test(core)) return "plastid";
  const [, letters, version] = accession.exec(core) ?? [];
  return letters === undefined ? core : `${letters}.${version ?? 1}`;
}

function toRoman(number: number): string {
  const tens = "X".repeat(Math.floor(number / 10));
  return tens + ["", "I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX"][number % 10];
}

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
 * What X means in a list of names: 10 among Roman numbers with IX or with numbers past X; the sex chromosome among
 * Arabic numbers or beside Y; undefined where the list leaves it open (as I, II, X does).
 */
export function decideMeaningOfX(names: readonly string[]): MeaningOfX | undefined {
  const cores = names.map((name) => nameCore(name).toUpperCase());
  if (cores.some((core) => /^\d+$/.test(core))) return cores.includes("X") || !hasTen(cores) ? "sex" : "ten";
  const roman = cores.map((core) => numberOfRoman.get(core) ?? 0);
  if (roman.some((number) => number === 9 || number > 10)) return "ten";
  if (cores.includes("Y")) return "sex";
  // A whole Roman list up to at least VI, with X but without IX, is a worm's or a fly's rather than a yeast's.
  if (cores.includes("X") && [1, 2, 3, 4, 5].every((number) => roman.includes(number))) return "sex";
  return undefined;
}

function hasTen(cores: readonly string[]): boolean {
  return cores.some((core) => /^0*10$/.test(core));
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

import { basename } from "node:path";
import { readVariantTable, readVcf, type Variant, withSource } from "@bindscape/genome";
import {
  AttributedPositions,
  type AttributedVariant,
  type AttributionScore,
  ChromosomeMatcher,
  loadAttributionFile,
  selectSequences,
} from "@bindscape/interpret";
import { BindscapeError } from "@bindscape/numerics";
import { writeTask } from "@bindscape/study";
import { Option } from "commander";

/** Variants that an error or a warning lists before it only counts. */
const LISTED = 20;

export function attributionScoreOption(): Option {
  return new Option(
    "--score <what>",
    "value: what stands at the position (ism: the change by the SNP); difference: hypothetical contribution of the alternative less that of the reference base",
  )
    .choices(["value", "difference"])
    .default("value");
}

/**
 * Visits the variants of a VCF file or of a table, whichever is given.
 * @param onUnplaced called for each row of a table that has no place
 */
export async function visitVariants(
  { vcf, table }: { readonly vcf?: string; readonly table?: string },
  visit: (variant: Variant) => void | Promise<void>,
  onUnplaced?: () => void,
): Promise<void> {
  if ((vcf === undefined) === (table === undefined))
    throw new BindscapeError({
      found: vcf === undefined ? "no variants" : "--vcf and --table together",
      expected: "one of --vcf FILE and --table FILE",
    });
  await withSource((vcf ?? table)!, async (source) => {
    for await (const variant of vcf === undefined
      ? readVariantTable(source, { onUnplaced })
      : readVcf(source))
      await visit(variant);
  });
}

/** Attributions of one factor, and how a file of variants calls its chromosomes. */
export interface AttributedFactor {
  readonly name: string;
  readonly positions: AttributedPositions;
  readonly matcher: ChromosomeMatcher;
}

/**
 * Opens attribution files, one a factor.
 * @param which sequences to look at; "bound" takes all where a file has no labels
 */
export async function openAttributions(
  files: readonly string[],
  score: AttributionScore,
  which: "all" | "bound",
): Promise<AttributedFactor[]> {
  const factors: AttributedFactor[] = [];
  for (const path of files) {
    const loaded = await loadAttributionFile(path);
    const file = selectSequences(loaded, loaded.labels === undefined ? "all" : which);
    const positions = new AttributedPositions(file, score);
    const task = file.tasks[file.target];
    const wanted = task === undefined || task.factor === "" ? basename(path, ".npz") : writeTask(task);
    const others = factors.filter(({ name }) => name === wanted || name.startsWith(`${wanted} (`)).length;
    const name = others === 0 ? wanted : `${wanted} (${basename(path, ".npz")})`;
    factors.push({ name, positions, matcher: new ChromosomeMatcher(positions.chromosomes) });
  }
  return factors;
}

export function scoreVariant({ positions, matcher }: AttributedFactor, variant: Variant): AttributedVariant {
  return positions.score(variant, matcher.find(variant.chromosome));
}

/** Variants whose reference allele is not what stands in the genome. */
export class Mismatches {
  readonly #listed: string[] = [];
  count = 0;

  add({ chromosome, position, reference, alternate, line }: Variant, found = ""): void {
    this.count++;
    if (this.#listed.length < LISTED)
      this.#listed.push(
        `  line ${line}: ${chromosome}:${position} ${shorten(reference)}>${shorten(alternate)}, the sequence has ${shorten(found)}`,
      );
  }

  /** @throws BindscapeError listing them, unless they are to be skipped: then the list is said */
  settle(source: string, skip: boolean, say: (line: string) => void): void {
    if (this.count === 0) return;
    const rest = this.count - this.#listed.length;
    const list = [...this.#listed, ...(rest > 0 ? [`  and ${rest} more`] : [])].join("\n");
    const found = `${this.count} variant${this.count === 1 ? " whose reference allele differs" : "s whose reference alleles differ"} from the sequence`;
    if (skip) say(`warning: ${source}: skipped ${found}\n${list}`);
    else
      throw new BindscapeError({
        source,
        found: `${found}:\n${list}\n`,
        expected: "a file of the same assembly",
        next: "Check the assembly, or give --skip-mismatch to leave them out",
      });
  }
}

function shorten(allele: string): string {
  return allele.length > 24 ? `${allele.slice(0, 24)}...` : allele;
}

/**
 * @param placed variants that were looked for on the genome: those of a kind that can be scored
 * @param unknown how many of them lie on chromosomes that are not known
 * @throws BindscapeError where there is no variant, or no placed one's chromosome is known
 */
export function requireKnownChromosomes(
  source: string,
  count: number,
  placed: number,
  unknown: number,
  unmatched: readonly string[],
  known: readonly string[],
): void {
  if (count === 0) throw new BindscapeError({ source, found: "no variants", expected: "at least one" });
  if (unknown < placed || unknown === 0) return;
  throw new BindscapeError({
    source,
    found: `variants on ${unmatched.slice(0, 6).join(", ")}${unmatched.length > 6 ? ", ..." : ""} alone`,
    expected: `chromosomes such as ${known.slice(0, 6).join(", ")}`,
    next: "Check that both are of the same assembly",
  });
}

import { matchChromosomeNames } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import type { Assembly, Segment } from "./assembly.js";

/**
 * Names of a file's chromosomes beside those of an assembly. Names are matched as a whole list, since "X" is
 * the sex chromosome in one naming and the tenth chromosome in another.
 */
export class ChromosomeNames {
  #toAssembly = new Map<string, string>();
  readonly #seen = new Map<string, number>();
  #beyond = 0;

  constructor(
    readonly assembly: Assembly,
    readonly source: string,
  ) {}

  /** Matches a file whose names are all known before it is read. */
  static match(names: readonly string[], assembly: Assembly, source: string): ChromosomeNames {
    const matcher = new ChromosomeNames(assembly, source);
    for (const name of names) matcher.#seen.set(name, 0);
    matcher.#rematch();
    if (matcher.#toAssembly.size === 0) throw matcher.#noMatch();
    return matcher;
  }

  /** The file's name of a chromosome of the assembly. */
  inFile(chromosome: string): string | undefined {
    for (const [name, target] of this.#toAssembly) if (target === chromosome) return name;
    return undefined;
  }

  /** The assembly's name of a chromosome of the file, or undefined where it has none. */
  inAssembly(name: string): string | undefined {
    const count = this.#seen.get(name);
    this.#seen.set(name, (count ?? 0) + 1);
    if (count === undefined) this.#rematch();
    return this.#toAssembly.get(name);
  }

  /**
   * Segments of a chromosome of the file, for readers that see one record after another.
   * @param end where the record ends, to warn of a file of another assembly
   */
  segmentsOf(name: string, end = 0): readonly Segment[] {
    const chromosome = this.inAssembly(name);
    if (chromosome === undefined) return [];
    const segments = this.assembly.segmentsOf(chromosome);
    if (this.assembly.isWhole && end > segments[0].end) this.#beyond++;
    return segments;
  }

  /**
   * Ends a file read record by record.
   * @returns warnings about chromosomes the assembly does not have, and about records beyond chromosomes' ends
   * @throws BindscapeError when no chromosome of the file is in the assembly
   */
  finish(): string[] {
    if (this.#seen.size > 0 && this.#toAssembly.size === 0) throw this.#noMatch();
    const warnings: string[] = [];
    const unknown = [...this.#seen].filter(([name]) => !this.#toAssembly.has(name));
    if (unknown.length > 0) {
      const records = unknown.reduce((sum, [, count]) => sum + count, 0);
      const names = unknown.slice(0, 5).map(([name]) => name);
      warnings.push(
        `${this.source}: ${records} records on ${unknown.length} chromosomes that the study does not use (${names.join(", ")}${
          unknown.length > 5 ? ", ..." : ""
        }) were passed over`,
      );
    }
    if (this.#beyond > 0) {
      warnings.push(
        `${this.source}: ${this.#beyond} records end beyond their chromosome: is it of the same assembly?`,
      );
    }
    return warnings;
  }

  #rematch(): void {
    const { aliases } = this.assembly;
    const { map } = matchChromosomeNames(
      [...this.#seen.keys()].filter((name) => !aliases.has(name)),
      this.assembly.chromosomes.map((chromosome) => chromosome.name),
    );
    for (const name of this.#seen.keys()) {
      const target = aliases.get(name);
      if (target !== undefined && this.assembly.hasChromosome(target)) map.set(name, target);
    }
    this.#toAssembly = map;
  }

  #noMatch(): BindscapeError {
    return new BindscapeError({
      source: this.source,
      found: `chromosomes named ${[...this.#seen.keys()].slice(0, 4).join(", ")}`,
      expected: `names of the study's assembly such as ${this.assembly.chromosomes
        .slice(0, 4)
        .map((chromosome) => chromosome.name)
        .join(", ")}`,
      next: "Check that the file is of the same assembly, or map the names with `assembly.names`",
    });
  }
}

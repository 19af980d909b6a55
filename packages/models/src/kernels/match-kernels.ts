import { compare, informationContent, type Motif } from "@bindscape/motifs";
import type { KernelMatch, KernelSummary } from "../report/report-data.js";

/** Matches no better than this are chance: so many are expected of a kernel among all motifs. */
export const LARGEST_E_VALUE = 0.1;
/** Ends of a kernel whose positions hold less than this many bits are left out of the comparison. */
const LEAST_BITS = 0.25;

/**
 * Kernels with the motif of a database that each resembles most ({@link compare}): null where none is within an E-value of
 * {@link LARGEST_E_VALUE}, or the kernel prefers no base anywhere. A kernel without a database has no match at all.
 */
export function matchKernels(kernels: readonly KernelSummary[], database: readonly Motif[]): KernelSummary[] {
  if (database.length === 0) return [...kernels];
  const cores = kernels.map(coreOf);
  const queries = cores.filter((core) => core !== null);
  const matches =
    queries.length === 0
      ? []
      : compare(
          queries.map(({ motif }) => motif),
          database,
          { threshold: LARGEST_E_VALUE, thresholdOn: "E-value" },
        );
  return kernels.map((kernel, index) => {
    const core = cores[index];
    const query = core === null ? -1 : queries.indexOf(core);
    const best = matches.find((match) => match.query === query);
    if (core === null || best === undefined) return { ...kernel, match: null };
    const target = database[best.target];
    const match: KernelMatch = {
      id: target.id,
      name: target.name,
      probabilities: Array.from(target.probabilities),
      // Of the whole kernel, ends included.
      offset: best.offset - core.start,
      isReversed: best.isReversed,
      overlap: best.overlap,
      pValue: best.pValue,
      eValue: best.eValue,
      databaseSize: database.length,
    };
    return { ...kernel, match };
  });
}

/** The kernel's motif without ends that say nothing; null where nothing is left. */
function coreOf(kernel: KernelSummary): { readonly motif: Motif; readonly start: number } | null {
  const length = kernel.probabilities.length / 4;
  const id = `kernel ${kernel.index}`;
  const whole: Motif = { id, name: id, probabilities: Float64Array.from(kernel.probabilities), length };
  const bits = informationContent(whole);
  const start = bits.findIndex((value) => value >= LEAST_BITS);
  if (start < 0 || kernel.sites === 0) return null;
  const end = bits.findLastIndex((value) => value >= LEAST_BITS) + 1;
  return {
    motif: {
      ...whole,
      probabilities: whole.probabilities.slice(start * 4, end * 4),
      length: end - start,
      sites: kernel.sites,
    },
    start,
  };
}

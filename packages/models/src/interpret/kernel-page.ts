import { informationContent } from "@bindscape/motifs";
import { quantile } from "@bindscape/numerics";
import { drawAlignedKernels } from "../charts/aligned-kernels-chart.js";
import { formatCount } from "../charts/number-format.js";
import type { SeriesColour } from "../charts/palette.js";
import { figure } from "../report/html.js";
import { renderKernelFigures } from "../report/kernel-figures.js";
import { renderPage } from "../report/page.js";
import type { InterpretedKernels } from "./interpret-kernels.node.js";

const signalColours: readonly SeriesColour[] = ["green", "purple", "orange"];
/** Share of the values below full colour: the mean over a few sites may be far above all others. */
const FULL_COLOUR = 0.99;
/** Heat maps of more tracks than this are too narrow to read. */
const mostTracks = 3;

/** Kernels aligned to one another: logos, information content and mean signals (FactorNet, Figures 3A to 3C). */
export function drawKernelAlignment({ kernels, alignment, factor, layer }: InterpretedKernels): string {
  const rows = alignment.rows.map((row) => {
    const kernel = kernels[row.kernel];
    return { ...row, kernel, probabilities: turned(kernel.probabilities, row.isReversed) };
  });
  const tracks = Object.keys(kernels[0].meanSignal).slice(0, mostTracks);
  return drawAlignedKernels({
    id: "alignment",
    title: `Kernels of layer ${layer} of ${factor}, aligned`,
    description: `${rows.length} kernels aligned in ${alignment.columns} columns; from the top: ${rows.map(({ kernel }) => kernel.index).join(", ")}.`,
    columns: alignment.columns,
    kernels: rows.map(({ kernel, offset, isReversed, probabilities }) => ({
      label: `${kernel.index}${isReversed ? " rev" : ""}${kernel.seededFrom === null ? "" : " (seed)"}`,
      offset,
      probabilities,
    })),
    maps: [
      {
        title: "Information content",
        unit: "bits",
        colour: "blue",
        domain: [0, 2],
        values: rows.map(({ probabilities }) => informationOf(probabilities)),
      },
      ...tracks.map((track, index) => {
        const values = rows.map(({ kernel, isReversed }) => {
          const signal = kernel.meanSignal[track];
          return isReversed ? signal.toReversed() : signal;
        });
        return {
          title: `Mean ${track} over the sites`,
          unit: kernels[0].signalUnits?.[track] ?? "",
          colour: signalColours[index],
          domain: [Math.min(0, ...values.flat()), quantile(values.flat(), FULL_COLOUR)] as const,
          isOpen: true,
          values,
        };
      }),
    ],
  });
}

/** Positions backwards, bases complemented. */
function turned(probabilities: readonly number[], isReversed: boolean): number[] {
  return isReversed ? probabilities.toReversed() : [...probabilities];
}

/** The page of `bindscape interpret kernels`. */
export function renderKernelPage(found: InterpretedKernels): string {
  const { factor, cell, layer, rule, kernels, total, windows, modelTitle } = found;
  const layerName = layer === 1 ? "First-layer kernels" : "Second-layer kernels";
  const sites =
    rule === "best-site"
      ? "The best site of each window over both strands counts, where the kernel is active at all."
      : "Every site on either strand counts that activates a kernel by more than half of its largest activation.";
  const missing = total - kernels.length;
  return renderPage({
    title: `${layerName} of ${factor} in ${cell}`,
    summary: `${kernels.length} of ${total} kernels of ${modelTitle} as motifs, read on ${formatCount(windows.bound)} bound and ${formatCount(windows.unbound)} unbound held-out windows. ${sites}${
      missing === 0
        ? ""
        : ` ${missing} had fewer than ten sites and ${missing === 1 ? "is" : "are"} left out.`
    }`,
    main: [
      '<section><h2 id="alignment-heading">All kernels, aligned</h2>',
      figure(`<div class="scroll">${drawKernelAlignment(found)}</div>`, {
        className: "locus unscaled",
        explanation:
          "One row a kernel, one column a base pair, the same rows and columns in every panel. Kernels are placed and turned (rev: as its reverse complement) so that their informative columns correlate best, and ordered so that kernels alike stand together. A kernel without information but with much signal looks for open chromatin, not for a sequence. Seeded kernels (seed) started from a known motif. The highest hundredth of the signal has full colour.",
        open: false,
      }),
      "</section>\n",
      '<section><h2 id="kernels-heading">Kernel by kernel</h2>',
      '<p class="above">In the order of how well a kernel\'s best activation tells bound windows from unbound ones.</p>',
      renderKernelFigures({ factor, kernels }, "kernels", false, layer === 1),
      "</section>",
    ].join(""),
    footer:
      `Made by Bindscape. Kernels are numbered from 0, as in motifs.meme. A green, C blue, G orange, T red. ${layer === 2 ? "A site of the second layer is what the convolution sees at one position." : ""}`.trim(),
  });
}

function informationOf(probabilities: readonly number[]): number[] {
  return Array.from(
    informationContent({
      id: "",
      name: "",
      probabilities: Float64Array.from(probabilities),
      length: probabilities.length / 4,
    }),
  );
}

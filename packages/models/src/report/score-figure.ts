import { drawLogHistogram } from "../charts/histogram.js";
import { formatCount, isDrawable } from "../charts/number-format.js";
import { emptyState, figure } from "./html.js";
import type { FactorReport } from "./report-data.js";

/** Scores of bound against unbound bins, with the share of bound ones in every class. */
export function renderScoreFigure(factor: FactorReport, id: string, open: boolean): string {
  const heading = "Score distributions";
  const { edges, bound, unbound } = factor.scores;
  const hasCounts = [...bound, ...unbound].some((count) => isDrawable(count) && count > 0);
  if (edges.length < 2 || !edges.every(isDrawable) || !hasCounts) {
    return emptyState(heading, "No score distribution: no bin was scored.");
  }
  const shares = edges.slice(1).map((_, index) => {
    const share = (bound[index] ?? 0) / ((bound[index] ?? 0) + (unbound[index] ?? 0));
    return isDrawable(share) ? share : null;
  });
  const total = (counts: readonly number[]) =>
    counts.reduce((sum, count) => sum + (isDrawable(count) ? count : 0), 0);
  const chart = drawLogHistogram({
    id: `${id}-scores`,
    title: `Scores of bound and unbound bins of ${factor.factor}`,
    description: `Counts of ${formatCount(total(bound))} bound and ${formatCount(total(unbound))} unbound bins by model score, on a logarithmic axis, with the share of bound bins in each class below.`,
    edges,
    xTitle:
      factor.scoreScale === "rank"
        ? "Model score (mean rank, 0 to 1)"
        : "Model score (predicted probability)",
    yTitle: "Bins per class (count, log scale)",
    series: [
      {
        label: "unbound bins",
        value: formatCount(total(unbound)),
        counts: unbound,
        style: { colour: "muted", width: 1.3, dash: "3 2", marker: "square" },
      },
      {
        label: "bound bins",
        value: formatCount(total(bound)),
        counts: bound,
        style: { colour: "blue", width: 2, dash: null, marker: "circle" },
      },
    ],
    strip: {
      title: "strip: share of bound bins, 0 to 1",
      values: shares,
      style: { colour: "blue", width: 1, dash: null, marker: "square" },
    },
  });
  return figure(chart, {
    heading,
    open,
    explanation:
      "How many bins get which score, on a logarithmic axis because unbound bins are so many more. A good model piles the bound bins up on the right, where few unbound ones are. The strip below shows, for each class of scores, the share that is bound: it tells how far a score may be trusted. Where training counted each negative as much as a positive, a score of 0.5 does not mean an even chance.",
  });
}

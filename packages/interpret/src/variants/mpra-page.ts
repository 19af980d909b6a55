import {
  drawLineChart,
  escapeText,
  explain,
  figure,
  formatCount,
  formatFixed,
  formatSignificant,
  renderPage,
  type SeriesStyle,
} from "@bindscape/models";
import { rocCurve, summariseCurve } from "@bindscape/numerics";
import type { AssayedVariant, AssayTest } from "./mpra-test.js";

export interface MpraPage {
  readonly variants: readonly AssayedVariant[];
  readonly test: AssayTest;
  readonly threshold: number;
  readonly tableName: string;
  /** What the scores are of, in words. */
  readonly scoresName: string;
  /** What became of the rows of the table, in words and numbers. */
  readonly counts: readonly (readonly [what: string, count: number])[];
  readonly command: string;
}

const CURVE_POINTS = 400;
const significantStyle: SeriesStyle = { colour: "vermillion", width: 2.2, dash: null, marker: "circle" };
const otherStyle: SeriesStyle = { colour: "blue", width: 1.8, dash: "7 3", marker: "square" };

/** Scores of variants held against a reporter assay: the test, distributions and ROC curve. */
export function renderMpraPage(page: MpraPage): string {
  const { variants, test, threshold } = page;
  const scores = variants.map(({ value }) => Math.abs(value));
  const labels = variants.map(({ fdr }) => (fdr < threshold ? 1 : 0));
  const facts: [string, string][] = [
    ["Variants with a difference", `${formatCount(test.significant)} (FDR < ${threshold})`],
    ["Others", formatCount(test.insignificant)],
    ["Mann-Whitney U", `${formatSignificant(test.u)}${test.isExact ? " (exact)" : ""}`],
    ["p, two-sided", formatSignificant(test.pValue)],
    ["auROC of |score|", formatFixed(test.auroc, 3)],
    [
      "Median |score|",
      `${formatSignificant(test.medianSignificant)} against ${formatSignificant(test.medianInsignificant)}`,
    ],
  ];
  const table = (rows: readonly (readonly [string, string])[]) =>
    `<div class="scroll table"><table><tbody>${rows.map(([what, text]) => `<tr><th scope="row">${escapeText(what)}</th><td>${escapeText(text)}</td></tr>`).join("")}</tbody></table></div>`;
  return renderPage({
    title: `Reporter assay ${page.tableName}`,
    summary: `Do variants that change a reporter's expression score higher than those that do not? Scores: ${page.scoresName}.`,
    main: [
      '<section><h2 id="test">Test</h2>',
      table(facts),
      explain(
        "A variant's score is that of the factor where it is furthest from 0. auROC is the probability that a variant with a difference has the larger |score|: 0.5 is chance.",
        false,
      ),
      '<div class="grid">',
      figure(drawDistributions(scores, labels), {
        heading: "Distribution of |score|",
        explanation:
          "For every |score| the share of variants at or below it. The curve of variants with a difference lies to the right where they score higher.",
      }),
      figure(drawRoc(scores, labels, test.auroc), { heading: "ROC curve of |score|" }),
      '</div></section>\n<section><h2 id="counts">Rows of the table</h2>',
      table(page.counts.map(([what, count]) => [what, formatCount(count)])),
      "</section>\n",
    ].join(""),
    footer: `Made by Bindscape: ${page.command}. All variants are in mpra.tsv, the numbers in mpra.json.`,
  });
}

function drawDistributions(scores: readonly number[], labels: readonly number[]): string {
  const cumulative = (label: number) => {
    const sorted = scores.filter((_, i) => labels[i] === label).sort((a, b) => a - b);
    const step = Math.max(1, Math.ceil(sorted.length / CURVE_POINTS));
    const at = Array.from({ length: Math.ceil(sorted.length / step) }, (_, i) =>
      Math.min(sorted.length - 1, (i + 1) * step - 1),
    );
    return {
      x: [0, ...at.map((i) => sorted[i])],
      y: [0, ...at.map((i) => (i + 1) / sorted.length)],
    };
  };
  return drawLineChart({
    id: "distributions",
    title: "Distribution of the size of scores",
    description:
      "Share of variants at or below a score, for those with a difference in the assay and for others.",
    x: { title: "|score|", domain: [0, Math.max(...scores, 1e-12)] },
    y: { title: "Share of variants at or below", domain: [0, 1] },
    series: [
      { label: "difference in the assay", ...cumulative(1), style: significantStyle },
      { label: "no difference", ...cumulative(0), style: otherStyle },
    ],
  });
}

function drawRoc(scores: readonly number[], labels: readonly number[], auroc: number): string {
  const curve = summariseCurve({ ...rocCurve(scores, labels) }, CURVE_POINTS);
  return drawLineChart({
    id: "roc",
    title: "ROC curve of the size of scores",
    description: `auROC ${formatFixed(auroc, 3)}`,
    x: { title: "False positive rate", domain: [0, 1] },
    y: { title: "Recall (true positive rate)", domain: [0, 1] },
    series: [
      {
        label: "|score|",
        x: Array.from(curve.falsePositiveRate),
        y: Array.from(curve.recall),
        style: significantStyle,
      },
    ],
    legendValues: [formatFixed(auroc, 3)],
    references: [{ label: "chance", value: "0.500", from: [0, 0], to: [1, 1] }],
  });
}

import {
  drawBarChart,
  escapeText,
  explain,
  figure,
  formatCount,
  formatFixed,
  formatPercent,
  formatSignificant,
  renderPage,
  type SeriesColour,
} from "@bindscape/models";
import type { FactorSingletons, SingletonRate } from "./singleton-test.js";

export interface SingletonPage {
  /** One a factor; the pooled one last, where there are several. */
  readonly factors: readonly FactorSingletons[];
  readonly vcfName: string;
  /** Smallest number of alleles looked at of a SNP that counts. */
  readonly leastAlleles: number;
  /** What became of the variants of the file, in words and numbers. */
  readonly counts: readonly (readonly [what: string, count: number])[];
  readonly command: string;
}

/** How groups are called in tables and figures. */
export function groupName({ group, share }: Pick<SingletonRate, "group" | "share">): string {
  if (group === "context") return "context, all";
  if (group === "core") return "core motif";
  return `context, top ${formatShare(share!)}`;
}

function formatShare(share: number): string {
  return `${Number((100 * share).toPrecision(3))} %`;
}

/** Colours as in the paper's figure: black, orange, red, blue. */
function colourOf({ group }: SingletonRate, top: number): SeriesColour {
  if (group === "context") return "ink";
  if (group === "core") return "blue";
  return top === 0 ? "orange" : "vermillion";
}

/** Singleton rates of SNPs by what a model says of their places: bars as in AgentBind's extended data figure 5. */
export function renderSingletonPage(page: SingletonPage): string {
  const { factors, vcfName, leastAlleles } = page;
  const [{ groups }] = factors;
  const chart = drawBarChart({
    id: "singletons",
    title: "Singleton rates",
    description: factors
      .map(
        ({ factor, groups: own }) =>
          `${factor}: ${own.map((one) => `${groupName(one)} ${formatPercent(one.rate)}`).join(", ")}`,
      )
      .join("; "),
    yTitle: "SNPs seen in one allele (%)",
    series: groups.map((one, index) => ({
      label: groupName(one),
      style: { colour: colourOf(one, index - 1), width: 1.6, dash: null, marker: "square" },
    })),
    groups: factors.map(({ factor, groups: own }) => ({
      label: factor,
      bars: own.map(({ rate, standardError, snps }) =>
        Number.isNaN(rate) ? null : { value: 100 * rate, error: 100 * standardError, count: snps },
      ),
    })),
  });
  return renderPage({
    title: `Singletons of ${vcfName}`,
    summary: `SNPs whose alternative allele was seen once, by what the model makes of their places; at least ${formatCount(leastAlleles)} alleles looked at.`,
    main: [
      '<section><h2 id="rates">Singleton rates</h2>',
      figure(chart, {
        explanation:
          "Bars are the share of SNPs whose alternative allele was seen once, with one standard error on either side; the number above each bar is that of its SNPs. Under selection harmful alleles stay rare: a higher bar says that changes there do more harm. Context is all of a window outside its core motif.",
        open: true,
      }),
      renderTable(factors),
      '</section>\n<section><h2 id="counts">Variants of the file</h2><div class="scroll table"><table><tbody>',
      ...page.counts.map(
        ([what, count]) => `<tr><th scope="row">${escapeText(what)}</th><td>${formatCount(count)}</td></tr>`,
      ),
      "</tbody></table></div></section>\n",
    ].join(""),
    footer: `Made by Bindscape: ${page.command}. The numbers are in singletons.tsv and singletons.json.`,
  });
}

function renderTable(factors: readonly FactorSingletons[]): string {
  const rows = factors.flatMap(({ factor, groups }) =>
    groups.map((one) => {
      const numbers = [
        formatCount(one.snps),
        formatCount(one.singletons),
        Number.isNaN(one.rate)
          ? "n/a"
          : `${formatFixed(100 * one.rate, 2)} ± ${formatFixed(100 * one.standardError, 2)} %`,
        one.leastScore === undefined || Number.isNaN(one.leastScore) ? "" : formatSignificant(one.leastScore),
        one.zScore === null ? "" : formatFixed(one.zScore, 2),
        one.pValue === null ? "" : formatSignificant(one.pValue),
      ];
      return `<tr><th scope="row">${escapeText(factor)}</th><td>${groupName(one)}</td>${numbers.map((text) => `<td>${text}</td>`).join("")}</tr>`;
    }),
  );
  return [
    '<div class="scroll table"><table><thead><tr>',
    ...["Factor", "Group", "SNPs", "Singletons", "Rate", "Least score", "z", "p (one-sided)"].map(
      (name) => `<th scope="col">${name}</th>`,
    ),
    `</tr></thead><tbody>${rows.join("")}</tbody></table></div>`,
    explain(
      "z and p are those of a two-proportion test against the context SNPs that are not in the group; p is the probability of a rate as high by chance. Each group of highest scores holds all SNPs that score as much as its last one.",
      false,
    ),
  ].join("");
}

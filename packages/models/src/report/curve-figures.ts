import { drawLineChart, type LineSeries } from "../charts/line-chart.js";
import { formatPercent, isDrawable } from "../charts/number-format.js";
import { methodStyle } from "../charts/palette.js";
import { emptyState, figure } from "./html.js";
import { formatMetric, orderMethods, prevalence, reasonForMissing } from "./metric-format.js";
import type { CurvePoints, FactorReport, MethodEvaluation } from "./report-data.js";

/** ROC curves of all methods with the diagonal of chance. */
export function renderRocFigure(factor: FactorReport, id: string, open: boolean): string {
  const heading = "ROC curves";
  const methods = orderMethods(factor.methods);
  const series = curveSeries(methods, (method) => method.roc);
  if (!hasPoints(series))
    return emptyState(heading, `No ROC curve: ${reasonForMissing(factor) ?? "no points were given"}.`);
  const chart = drawLineChart({
    id: `${id}-roc`,
    title: `ROC curves of ${factor.factor}`,
    description: `Recall against false positive rate. ${describe(methods, "auROC", (method) => method.pooled.auroc)}`,
    x: { title: "False positive rate (fraction of unbound bins)", domain: [0, 1] },
    y: { title: "Recall (fraction of bound bins)", domain: [0, 1] },
    series,
    legendValues: methods.map((method) => formatMetric(method.pooled.auroc)),
    references: [{ label: "chance", value: "0.500", from: [0, 0], to: [1, 1] }],
  });
  return figure(chart, {
    heading: `${heading} (legend: auROC)`,
    open,
    explanation:
      "As the threshold is lowered, a curve climbs: up for bound bins found, to the right for unbound bins called by mistake. The nearer to the upper left corner the better; the dotted diagonal is guessing. With many unbound bins, even a small false positive rate is a large number of false calls: see the precision-recall curves.",
  });
}

/** Precision-recall curves of all methods with the prevalence, which guessing reaches. */
export function renderPrecisionRecallFigure(factor: FactorReport, id: string, open: boolean): string {
  const heading = "Precision-recall curves";
  const methods = orderMethods(factor.methods);
  const series = curveSeries(methods, (method) => method.precisionRecall);
  if (!hasPoints(series)) {
    return emptyState(
      heading,
      `No precision-recall curve: ${reasonForMissing(factor) ?? "no points were given"}.`,
    );
  }
  const share = prevalence(factor);
  const chart = drawLineChart({
    id: `${id}-pr`,
    title: `Precision-recall curves of ${factor.factor}`,
    description: `Precision against recall. ${describe(methods, "auPR", (method) => method.pooled.auprc)}${
      share === null ? "" : ` Prevalence ${formatPercent(share)}.`
    }`,
    x: { title: "Recall (fraction of bound bins)", domain: [0, 1] },
    y: { title: "Precision (fraction of called bins)", domain: [0, 1] },
    series,
    legendValues: methods.map((method) => formatMetric(method.pooled.auprc)),
    references:
      share === null
        ? []
        : [
            {
              label: `prevalence, ${formatPercent(share)}`,
              value: formatMetric(share),
              from: [0, share],
              to: [1, share],
            },
          ],
  });
  return figure(chart, {
    heading: `${heading} (legend: auPR)`,
    open,
    explanation:
      "Precision is the share of called bins that are bound (1 minus the false discovery rate), recall the share of bound bins that are called. Higher and further right is better. Guessing stays on the dotted line, the prevalence: the share of bins that are bound at all.",
  });
}

function curveSeries(
  methods: readonly MethodEvaluation[],
  read: (method: MethodEvaluation) => CurvePoints,
): LineSeries[] {
  const all = methods.map((method) => method.method);
  return methods.map((method) => {
    const { x, y } = read(method);
    return { label: method.label, x, y, style: methodStyle(method.method, all) };
  });
}

function hasPoints(series: readonly LineSeries[]): boolean {
  return series.some((one) => one.x.some((value, index) => isDrawable(value) && isDrawable(one.y[index])));
}

function describe(
  methods: readonly MethodEvaluation[],
  metric: string,
  read: (method: MethodEvaluation) => number,
): string {
  return `${metric}: ${methods.map((method) => `${method.label} ${formatMetric(read(method))}`).join(", ")}.`;
}

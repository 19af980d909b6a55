import type { LegendEntry } from "../charts/legend.js";
import { drawLineChart, type LineSeries } from "../charts/line-chart.js";
import { formatCount, formatSignificant, isDrawable } from "../charts/number-format.js";
import { networkStyle, type SeriesStyle } from "../charts/palette.js";
import { emptyState, figure } from "./html.js";
import type { FactorReport } from "./report-data.js";

const trainingDash = "3.5 2.5";
const withinDash = "1 2";

/**
 * Training and validation loss of every network by epoch, the best epoch marked. Where another cell chose the epoch,
 * the validation loss in the cells trained in is drawn beside its own (Fig. S1B).
 */
export function renderLearningFigure(factor: FactorReport, id: string, open: boolean): string {
  const heading = "Learning curves";
  const histories = factor.histories.filter((history) =>
    history.entries.some((entry) => isDrawable(entry.trainingLoss) || isDrawable(entry.validationLoss)),
  );
  if (histories.length === 0) return emptyState(heading, "No learning curve: no epoch was recorded.");
  const isSingle = histories.length === 1;
  const isShort = histories.every((history) => history.entries.length === 1);
  const validation: LineSeries[] = [];
  const training: LineSeries[] = [];
  const within: LineSeries[] = [];
  const legend: LegendEntry[] = [];
  let difference = "";
  histories.forEach((history, index) => {
    const style = networkStyle(index);
    const trainingStyle: SeriesStyle = { ...style, width: 1.3, dash: trainingDash };
    const epochs = history.entries.map((entry) => entry.epoch);
    const best = history.entries.findIndex((entry) => entry.epoch === history.bestEpoch);
    const bestLoss = history.entries[best]?.validationLoss;
    validation.push({
      label: `${history.label}, validation loss`,
      x: epochs,
      y: history.entries.map((entry) => entry.validationLoss),
      style,
      points: epochs.length <= 12,
      highlight: best < 0 ? undefined : best,
    });
    training.push({
      label: `${history.label}, training loss`,
      x: epochs,
      y: history.entries.map((entry) => entry.trainingLoss),
      style: trainingStyle,
      points: epochs.length === 1,
    });
    const withinLosses = history.entries.map((entry) => entry.withinCellLoss ?? Number.NaN);
    const hasWithin = withinLosses.some(isDrawable);
    const withinStyle: SeriesStyle = { ...style, width: 1.3, dash: withinDash };
    if (hasWithin) {
      within.push({
        label: `${history.label}, validation loss in the cells trained in`,
        x: epochs,
        y: withinLosses,
        style: withinStyle,
        points: epochs.length === 1,
      });
    }
    const value = isDrawable(bestLoss)
      ? `epoch ${formatCount(history.bestEpoch)}: ${formatSignificant(bestLoss)}`
      : undefined;
    legend.push({ label: isSingle ? "validation, best" : history.label, value, style, key: "line-marker" });
    if (isSingle) legend.push({ label: "training", style: trainingStyle });
    if (isSingle && hasWithin) {
      const least = Math.min(...withinLosses.filter(isDrawable));
      const across = history.entries.map((entry) => entry.validationLoss).filter(isDrawable);
      if (across.length > 0)
        difference = `; smallest across cells less smallest within: ${formatSignificant(Math.min(...across) - least)}`;
      legend.push({
        label: "validation, cells trained in",
        value: formatSignificant(least),
        style: withinStyle,
      });
    }
  });
  if (!isSingle) {
    legend.push({
      label: isShort ? "filled: validation; open: training" : "solid: validation; dashed: training",
      style: { ...networkStyle(0), colour: "muted", width: 1.3, dash: trainingDash },
    });
  }
  const chart = drawLineChart({
    id: `${id}-learning`,
    title: `Learning curves of ${factor.factor}`,
    description: histories
      .map(
        (history) =>
          `${history.label}: ${history.entries.length} epochs, best epoch ${formatCount(history.bestEpoch)}.`,
      )
      .join(" "),
    x: { title: "Training time (epochs)", whole: true, ticks: 6 },
    y: { title: "Loss, binary cross-entropy (nats per bin)" },
    series: [...validation, ...training, ...within],
    legend,
  });
  return figure(chart, {
    heading: `${heading} (legend: best validation loss${difference})`,
    open,
    explanation: `${
      isShort ? "Only one epoch was trained, so each loss is a single point. " : ""
    }Solid lines are the loss on the validation chromosomes, dashed lines on the training bins. The large marker is the epoch whose weights were kept. A validation loss that turns upwards while the training loss still falls is overfitting. The two losses are not at the same level by themselves: training bins hold more bound ones, and dropout is on.${
      within.length > 0
        ? " The validation loss is that of another cell than those trained in, on the same chromosomes; dotted lines are the validation loss in the cells trained in: what lies between the two is what does not carry over from cell to cell."
        : ""
    }`,
  });
}

import {
  element,
  escapeText,
  explain,
  figure,
  formatCount,
  formatFixed,
  renderPage,
} from "@bindscape/models";
import type { AttributionFile } from "../attribution-file.js";
import type { AttributionMethod } from "../attributions.js";
import { methods } from "../methods.js";
import { scorePositions } from "../position-scores.js";
import { drawLogoChart } from "./logo-chart.js";

/** Sequences that are drawn where nothing else is said. */
export const DEFAULT_LOGOS = 20;

/** Sequences as logos, each letter as high as the score of its base. @param most sequences that are drawn */
export function renderLogoPage(file: AttributionFile, most = DEFAULT_LOGOS): string {
  const { count, length, codes, names, places, cores, predictions, labels, target, tasks } = file;
  const scores = scorePositions(file);
  const shown = Math.min(count, most);
  const title = titleOf(file);
  const taskName = nameTarget(file);
  const columns = predictions ? predictions.length / count : 0;
  const sections = Array.from({ length: shown }, (_, row) => {
    const name = names?.[row] ?? `Sequence ${row + 1}`;
    const place = places?.[row];
    const label = labels?.[row * (labels.length / count) + target];
    const facts = [
      place ? `${place.chromosome}:${place.start}-${place.end} (${place.strand})` : null,
      predictions ? `predicted probability ${formatFixed(predictions[row * columns + target], 3)}` : null,
      label === 1 ? "bound" : label === 0 ? "unbound" : null,
    ].filter((fact) => fact !== null);
    return element(
      "section",
      {},
      `<h2>${escapeText(name)}</h2><p class="above">${escapeText(facts.join("; "))}</p>`,
      figure(
        `<div class="scroll">${drawLogoChart({
          id: `logo-${row}`,
          title: `${title}: ${name}`,
          description: `Letters as high as their scores along ${name}.`,
          codes: codes.subarray(row * length, (row + 1) * length),
          scores: scores.subarray(row * length, (row + 1) * length),
          core: cores ? [cores[row * 2], cores[row * 2 + 1]] : null,
          place,
        })}</div>`,
        { className: "locus unscaled" },
      ),
    );
  });
  return renderPage({
    title: `${title} of ${taskName}`,
    summary: `${aboutOf(file)}, for the ${file.of} of ${taskName}.${shown < count ? ` The first ${shown === 1 ? "" : `${shown} `}of ${formatCount(count)} sequences ${shown === 1 ? "is" : "are"} drawn; all are in the .npz file.` : ""}`,
    main: [
      ...sections,
      explain(
        "Each base is a letter as high as its score. Letters above the line hold the score up where they are; letters below it stand upside down and hold it back. Every sequence has a scale of its own. Of a long sequence the first picture shows all, and the shaded stretches are drawn as letters: the core, where there is one, and those that score most.",
        false,
      ),
    ].join("\n"),
    footer: `Made by Bindscape. Positions are 0-based. A green, C blue, G orange, T red.${tasks.length > 1 ? ` Target ${target + 1} of ${tasks.length}.` : ""}`,
  });
}

/** The method as pictures call it. */
export function titleOf({ method }: Pick<AttributionFile, "method">): string {
  return methods[method as AttributionMethod]?.title ?? (method || "Attributions");
}

/** What is explained: factor and cell of the target. */
export function nameTarget({ tasks, target }: Pick<AttributionFile, "tasks" | "target">): string {
  const task = tasks[target];
  if (!task) return `target ${target + 1}`;
  return task.cell === "" || task.cell === "unknown" ? task.factor : `${task.factor} in ${task.cell}`;
}

/** What letters show, where that is not the array itself. */
function aboutOf({ method }: AttributionFile): string {
  if (method === "ism")
    return "How much the score falls when the base is replaced, the mean over the three others";
  if (method === "saliency") return "The gradient of the score at the base that is there";
  return methods[method as AttributionMethod]?.about ?? "Scores of bases";
}

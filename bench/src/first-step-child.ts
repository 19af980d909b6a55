// A process of its own for first-step: prints milliseconds from its start to the end of the first training step.
import {
  factorNet,
  factorNetOptions,
  type ModelDefinition,
  trainBundle,
  trainingSettings,
} from "@bindscape/models";
import { loadStudy } from "@bindscape/study";

const [studyFile, dataFolder, out, presetName] = process.argv.slice(2);
const preset = factorNet.presets[presetName as keyof typeof factorNet.presets];
const study = await loadStudy(studyFile, { factors: ["Reb1"], dataFolder });
await trainBundle({
  study,
  factors: ["Reb1"],
  model: (factorNet as unknown as ModelDefinition).name,
  modelOptions: factorNetOptions.parse(preset.options),
  settings: trainingSettings.parse(preset.training),
  out,
  command: "bench",
  onProgress: ({ unit, done }) => {
    if (unit !== "steps" || done < 1) return;
    console.log(JSON.stringify({ milliseconds: performance.now() }));
    process.exit(0);
  },
});

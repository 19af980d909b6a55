import { type BinFeature, countChannels } from "@bindscape/study";
import type { ModelFile } from "../bundle/model-file.js";
import { BINDSCAPE_VERSION } from "../version.js";

/** What an export is told beside the model. */
export interface KipoiDetails {
  readonly authors: readonly string[];
  /** Licence of the model. */
  readonly license: string;
  /** Address under which the folder's files will stand, without a slash at its end; null for files on disk. */
  readonly url: string | null;
  /** MD5 of model.onnx, in hexadecimal. */
  readonly md5: string;
}

/** Any text as a YAML scalar on one line: JSON's strings are YAML's. Names from a bundle never go in as they are. */
const text = (value: string): string => JSON.stringify(value);

/** `model.yaml`: arguments, information, dependencies and the schema of arrays (without the batch axis). */
export function writeModelYaml(file: ModelFile, { authors, license, url, md5 }: KipoiDetails): string {
  const { plan, tasks } = file;
  const model =
    url === null
      ? `  model: model.onnx  # on a server: {url: https://..., md5: ${md5}}`
      : `  model:\n    url: ${text(`${url}/model.onnx`)}\n    md5: ${md5}`;
  const features =
    plan.features.length === 0
      ? ""
      : `    features:
      shape: (${plan.features.length}, )
      doc: ${text(`In this order: ${plan.features.map(describeFeature).join("; ")}`)}
`;
  return `defined_as: model.OnnxModel
args:
${model}
info:
  authors:
${authors.map((name) => `    - name: ${text(name)}\n`).join("")}  name: ${text(modelName(file))}
  version: ${text(BINDSCAPE_VERSION)}
  license: ${text(license)}
  doc: ${text(describeModel(file))}
  cite_as: ${text(file.citation)}
  trained_on: ${text(describeTraining(file))}
dependencies:
  conda:
    - python>=3.8
  pip:
    - numpy
    - onnxruntime
schema:
  inputs:
    windows:
      shape: (${countChannels(plan)}, ${plan.windowLength})
      doc: ${text(describeWindows(file))}
${plan.tracks.length === 0 ? "      special_type: DNASeq\n" : ""}${features}  targets:
    name: probability
    shape: (${tasks.length}, )
    doc: ${text(`Probability that the factor binds the ${plan.binSize} bp in the middle of the window`)}
    column_labels:
${tasks.map(({ factor, cell }) => `      - ${text(`${factor} in ${cell}`)}\n`).join("")}test:
  precision_decimal: 5
`;
}

/** The class that Kipoi makes of `args`; without Kipoi, example.py does the same. */
export const modelPython = `import numpy
import onnxruntime
from kipoi.model import BaseModel


class OnnxModel(BaseModel):
    def __init__(self, model):
        self.session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])

    def predict_on_batch(self, inputs):
        feeds = {name: numpy.asarray(values, dtype=numpy.float32) for name, values in inputs.items()}
        return self.session.run(["probability"], feeds)[0]
`;

/** `example.py`: the model with numpy and onnxruntime alone. */
export function writeExamplePython({ plan }: ModelFile): string {
  const names = plan.tracks.map(text).join(", ");
  const signal = `numpy.zeros((${plan.tracks.length}, ${plan.windowLength}), dtype=numpy.float32)  # ${names}`;
  const sequence = `

def encode(sequence):
    """Rows A, C, G, T of zeros and ones; N is 0 in all four."""
    letters = numpy.frombuffer(sequence.upper().encode(), dtype=numpy.uint8)
    return (letters == numpy.frombuffer(b"ACGT", dtype=numpy.uint8)[:, None]).astype(numpy.float32)


# A window of your own: ${plan.windowLength} bp around the bin${plan.tracks.length === 0 ? "" : ", then the tracks, a value a base"}.
sequence = ("ACGTTGCA" * ${Math.ceil(plan.windowLength / 8)})[:${plan.windowLength}]
`;
  const window =
    plan.sequence === false
      ? `
# A window of your own: the tracks in ${plan.windowLength} bp around the bin, a value a base.
window = ${signal}`
      : plan.tracks.length === 0
        ? `${sequence}window = encode(sequence)`
        : `${sequence}signal = ${signal}
window = numpy.concatenate([encode(sequence), signal])`;
  const count = plan.features.length;
  const features = count === 0 ? "" : `\nfeeds["features"] = numpy.zeros((1, ${count}), dtype=numpy.float32)`;
  return `"""Scores the windows of example.npz, and one of your own. Needs numpy and onnxruntime."""
from pathlib import Path

import numpy
import onnxruntime

folder = Path(__file__).parent
session = onnxruntime.InferenceSession(
    str(folder / "model.onnx"), providers=["CPUExecutionProvider"]
)

# The example's arrays give the example's probabilities.
example = numpy.load(folder / "example.npz")
feeds = {entry.name: example[entry.name] for entry in session.get_inputs()}
(probability,) = session.run(["probability"], feeds)
numpy.testing.assert_allclose(probability, example["probability"], atol=1e-5)
print("example.npz:", probability.tolist())
${window}
feeds = {"windows": window[None]}${features}
print("your window:", session.run(["probability"], feeds)[0].tolist())
`;
}

export function writeReadme(file: ModelFile, example: string): string {
  const { plan, tasks } = file;
  const rows = [
    `| \`windows\` | N x ${countChannels(plan)} x ${plan.windowLength} | ${describeWindows(file)} |`,
    ...(plan.features.length === 0
      ? []
      : [
          `| \`features\` | N x ${plan.features.length} | ${plan.features.map(describeFeature).join("; ")} |`,
        ]),
    `| \`probability\` (output) | N x ${tasks.length} | ${tasks.map(({ factor, cell }) => `${factor} in ${cell}`).join(", ")} |`,
  ];
  return `# ${modelName(file)}

${describeModel(file)} ${describeTraining(file)}.

All arrays are float32:

| array | shape | holds |
|---|---|---|
${rows.join("\n")}

The network sees both strands itself: give it the forward strand.

## In Python, without a data loader

\`example.py\` needs numpy and onnxruntime, nothing else:

\`\`\`python
${example}\`\`\`

## With Kipoi

\`\`\`python
import kipoi

model = kipoi.get_model(".", source="dir", with_dataloader=False)
model.predict_on_batch({"windows": windows${plan.features.length === 0 ? "" : ', "features": features'}})
\`\`\`

\`md5sum -c md5sums.txt\` checks the files.

${file.citation}
`;
}

function modelName({ model, tasks }: ModelFile): string {
  const shown = tasks.slice(0, 3).map(({ factor }) => factor);
  return `${model} ${shown.join(", ")}${tasks.length > 3 ? ` and ${tasks.length - 3} more` : ""}`;
}

function describeModel({ model, plan, tasks }: ModelFile): string {
  return `Binding of ${tasks.map(({ factor }) => factor).join(", ")} to ${plan.binSize}-bp bins, from ${plan.windowLength} bp around each (${model}).`;
}

function describeTraining({ training, imported }: ModelFile): string {
  return imported
    ? `Published as ${training.study}/${imported.weights} (${imported.format})`
    : `Trained on ${training.study} (${training.assembly}), seed ${training.seed}`;
}

function describeWindows({ plan }: ModelFile): string {
  const tracks = plan.tracks.length === 0 ? "" : `, then a value a base of ${plan.tracks.join(", ")}`;
  if (plan.sequence === false) return `A value a base of ${plan.tracks.join(", ")}`;
  return `One-hot sequence in the order A, C, G, T (N is 0 in all four)${tracks}`;
}

function describeFeature(feature: BinFeature): string {
  switch (feature.kind) {
    case "motif":
      return `${feature.name}: best log-odds (bits) of the motif in the bin, either strand`;
    case "signal":
      return `${feature.name}: ${feature.log ? "log(1 + sum)" : "mean"} of ${feature.track} in ${feature.width} bp around the middle of the bin`;
    case "overlap":
      return `${feature.name}: 1 where the bin overlaps ${feature.annotation}, else 0`;
    case "covariate":
      return `${feature.name}: covariate of the cell`;
  }
}

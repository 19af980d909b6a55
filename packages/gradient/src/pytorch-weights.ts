import { BindscapeError } from "@bindscape/numerics";
import { formatShape, product } from "./shape.js";
import { permuteAxes, type StoredTensor } from "./stored-tensor.js";

/** A layer of a PyTorch module and where its weights go. */
export interface PyTorchLayer {
  /** "conv" for `nn.Conv1d`, "linear" for `nn.Linear`, "lstm" for one layer of `nn.LSTM(bidirectional=True)`. */
  readonly kind: "conv" | "linear" | "lstm";
  /** The module's name in the state dict: "conv" of "conv.weight". */
  readonly module: string;
}

/**
 * The weights of a PyTorch state dict as Bindscape's layers have them, by an explicit map from Bindscape's layer names:
 *
 * - `conv`: NAME.kernel [filters, channels, width] and NAME.bias, as they are (PyTorch does not flip kernels either);
 * - `linear`: NAME.kernel is the weight transposed, [inputs, outputs], and NAME.bias;
 * - `lstm`: NAME.inputKernel [2, 4H, I], NAME.recurrentKernel [2, 4H, H] and NAME.bias [2, 4H], forward direction first, gates
 *   reordered from PyTorch's input, forget, cell, output to input, output, forget, cell; its two biases are added up.
 *
 * What it gives is the `source` of {@link transferParameters}.
 * @throws BindscapeError for a tensor that is missing or of another shape, and for tensors that no layer takes
 */
export function weightsFromPyTorch(
  state: ReadonlyMap<string, StoredTensor>,
  layers: Readonly<Record<string, PyTorchLayer>>,
): Map<string, StoredTensor> {
  const taken = new Set<string>();
  const take = (name: string, rank: number): StoredTensor => {
    const tensor = state.get(name);
    if (tensor?.shape.length !== rank) {
      throw new BindscapeError({
        source: "PyTorch weights",
        found: tensor ? `"${name}" of shape ${formatShape(tensor.shape)}` : `no "${name}"`,
        expected: tensor ? `${rank} axes` : `a name among ${[...state.keys()].join(", ")}`,
      });
    }
    taken.add(name);
    return tensor;
  };
  const weights = new Map<string, StoredTensor>();
  for (const [name, { kind, module }] of Object.entries(layers)) {
    if (kind === "lstm") {
      for (const [key, tensor] of lstmWeights(module, take)) weights.set(`${name}.${key}`, tensor);
      continue;
    }
    const kernel = take(`${module}.weight`, kind === "conv" ? 3 : 2);
    weights.set(`${name}.kernel`, kind === "conv" ? kernel : permuteAxes(kernel, [1, 0]));
    if (state.has(`${module}.bias`)) weights.set(`${name}.bias`, take(`${module}.bias`, 1));
  }
  const left = [...state.keys()].filter((name) => !taken.has(name));
  if (left.length > 0) {
    throw new BindscapeError({
      source: "PyTorch weights",
      found: `tensors that no layer takes: ${left.join(", ")}`,
      expected: "a layer for each",
      next: "Take them out of the state dict if the network does not need them",
    });
  }
  return weights;
}

/** Where Bindscape's gates (input, output, forget, cell) stand among PyTorch's (input, forget, cell, output). */
const GATES = [0, 3, 1, 2];

function lstmWeights(
  module: string,
  take: (name: string, rank: number) => StoredTensor,
): Map<string, StoredTensor> {
  const directions = ["", "_reverse"];
  const both = (part: string, rank: number) =>
    directions.map((end) => take(`${module}.${part}_l0${end}`, rank));
  const bias = both("bias_ih", 1).map(({ shape, data }, d) => {
    const other = take(`${module}.bias_hh_l0${directions[d]}`, 1).data;
    return { shape, data: data.map((value, i) => value + other[i]) };
  });
  return new Map([
    ["inputKernel", stackGates(both("weight_ih", 2))],
    ["recurrentKernel", stackGates(both("weight_hh", 2))],
    ["bias", stackGates(bias)],
  ]);
}

/** Both directions under one axis, their gates in Bindscape's order. */
function stackGates(directions: readonly StoredTensor[]): StoredTensor {
  const { shape } = directions[0];
  const gate = product(shape) / 4;
  const data = new Float32Array(directions.length * 4 * gate);
  directions.forEach((tensor, d) => {
    GATES.forEach((from, to) => {
      data.set(tensor.data.subarray(from * gate, (from + 1) * gate), (d * 4 + to) * gate);
    });
  });
  return { shape: [directions.length, ...shape], data };
}

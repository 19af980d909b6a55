import { BindscapeError } from "@bindscape/numerics";
import { type Build, buildGraph } from "./model.js";
import { formatShape, sameShape } from "./shape.js";
import { permuteAxes, type StoredTensor } from "./stored-tensor.js";
import { matchesName, type NamePattern } from "./updates/parameter-update.js";

export interface TransferOptions {
  /** The network that gets the weights. */
  readonly build: Build;
  /** Weights of another network by name, as `readSafetensors` gives them. */
  readonly source: ReadonlyMap<string, StoredTensor>;
  /**
   * By a parameter's name, what it is called in `source`, and the order of the source's axes where it is another.
   * Parameters that are not named here are looked up under their own name.
   */
  readonly names?: Readonly<
    Record<string, string | { readonly name: string; readonly transpose: readonly number[] }>
  >;
  /** Parameters that are drawn anew whatever `source` holds: those of the layers that the new task needs. */
  readonly draw?: readonly NamePattern[];
}

export interface Transfer {
  /** For the option `parameters` of a training step. */
  readonly parameters: Map<string, Float32Array>;
  /** Parameters of the network that are drawn by their initialisers. */
  readonly drawn: string[];
  /** What `source` holds and the network does not use. */
  readonly unused: string[];
}

/**
 * First values for a network from another's weights: pre-train, then fine-tune. Nothing is left to chance: a parameter
 * that is neither in `source` nor to be drawn is an error, and so is another shape.
 */
export function transferParameters(options: TransferOptions): Transfer {
  const { build, source, names = {}, draw = [] } = options;
  // A batch of fixed size, which batch normalisation needs in training; parameters do not depend on it.
  const { graph } = buildGraph(build, 2, "training");
  const parameters = new Map<string, Float32Array>();
  const drawn: string[] = [];
  const used = new Set<string>();
  for (const name of Object.keys(names)) {
    if (!graph.parameters.has(name))
      fail(name, "no such parameter", `one of ${[...graph.parameters.keys()].join(", ")}`);
  }
  for (const [name, tensor] of graph.parameters) {
    if (draw.some((pattern) => matchesName(pattern, name))) {
      drawn.push(name);
      continue;
    }
    const entry = names[name] ?? name;
    const sourceName = typeof entry === "string" ? entry : entry.name;
    const found = source.get(sourceName);
    if (found === undefined) {
      return fail(
        name,
        `no "${sourceName}" among the weights`,
        `a name among ${[...source.keys()].join(", ")}, or the parameter under "draw"`,
      );
    }
    const values = typeof entry === "string" ? found : transposed(name, found, entry.transpose);
    if (!sameShape(values.shape, tensor.shape)) {
      fail(name, `"${sourceName}" of shape ${formatShape(values.shape)}`, `${formatShape(tensor.shape)}`);
    }
    used.add(sourceName);
    parameters.set(name, values.data);
  }
  return { parameters, drawn, unused: [...source.keys()].filter((name) => !used.has(name)) };
}

function transposed(name: string, { shape, data }: StoredTensor, order: readonly number[]): StoredTensor {
  const sorted = [...order].sort((a, b) => a - b);
  if (order.length !== shape.length || sorted.some((axis, i) => axis !== i)) {
    return fail(name, `the order of axes [${order.join(", ")}]`, `the ${shape.length} axes, each once`);
  }
  return permuteAxes({ shape, data }, order);
}

function fail(name: string, found: string, expected: string): never {
  throw new BindscapeError({ source: `transfer to parameter "${name}"`, found, expected });
}

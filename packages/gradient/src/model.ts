import { BindscapeError, Random } from "@bindscape/numerics";
import { Graph, type Phase, type Tensor } from "./graph.js";
import type { DeviceTraits } from "./runtime.js";
import { formatShape, product } from "./shape.js";

/** What a {@link Build} function returns. */
export interface Model {
  /** A scalar; training needs it. */
  readonly loss?: Tensor;
  readonly outputs: Readonly<Record<string, Tensor>>;
}

/** Describes a network: called with a new graph for training, for prediction and for export. */
export type Build = (graph: Graph) => Model;

/** Values of parameters by name, row-major. */
export type ParameterValues = ReadonlyMap<string, Float32Array>;

export function buildGraph(
  build: Build,
  batch: number | "free",
  phase: Phase,
  traits?: DeviceTraits,
  rest: { readonly liftsBags?: boolean; readonly keepsOrder?: boolean } = {},
): { graph: Graph; model: Model } {
  const graph = new Graph({ batch, phase, traits, ...rest });
  return { graph, model: build(graph) };
}

/** A parameter's first values: those given, else drawn from the seed and the name. */
export function initialValues(
  name: string,
  tensor: Tensor,
  seed: number | string,
  given?: ParameterValues,
): Float32Array {
  const values = given?.get(name);
  if (values !== undefined) return checkedValues(name, tensor, values);
  if (tensor.source?.kind !== "parameter") throw new Error(`${name} is no parameter`);
  const drawn = tensor.source.initialiser(
    tensor.shape as readonly number[],
    Random.forPart(seed, "parameter", name),
  );
  return checkedValues(name, tensor, drawn);
}

/** A parameter's trained values. */
export function requiredValues(name: string, tensor: Tensor, given: ParameterValues): Float32Array {
  const values = given.get(name);
  if (values === undefined) {
    throw new BindscapeError({
      source: `parameter "${name}"`,
      found: "no values",
      expected: `values of shape ${formatShape(tensor.shape)}; those given are ${[...given.keys()].join(", ")}`,
    });
  }
  return checkedValues(name, tensor, values);
}

function checkedValues(name: string, tensor: Tensor, values: Float32Array): Float32Array {
  const needed = product(tensor.shape as readonly number[]);
  if (values.length !== needed) {
    throw new BindscapeError({
      source: `parameter "${name}"`,
      found: `${values.length} values`,
      expected: `${needed}, for the shape ${formatShape(tensor.shape)}`,
    });
  }
  return values;
}

/** The arrays for a run, checked against what the graph needs. */
export function checkFeed(
  name: string,
  shape: readonly number[],
  data: Float32Array | undefined,
): Float32Array {
  if (data === undefined || data.length !== product(shape)) {
    throw new BindscapeError({
      source: `input "${name}"`,
      found: data === undefined ? "nothing" : `${data.length} values`,
      expected: `${product(shape)} values, for the shape ${formatShape(shape)}`,
    });
  }
  return data;
}

/** The chosen outputs of a model, all of them where none are named. */
export function chooseOutputs(model: Model, names?: readonly string[]): Map<string, Tensor> {
  const chosen = new Map<string, Tensor>();
  for (const name of names ?? Object.keys(model.outputs)) {
    const tensor = model.outputs[name];
    if (tensor === undefined) {
      throw new BindscapeError({
        source: "model",
        found: `no output "${name}"`,
        expected: `one of ${Object.keys(model.outputs).join(", ")}`,
      });
    }
    chosen.set(name, tensor);
  }
  return chosen;
}

import { type Build, Graph } from "@bindscape/gradient";
import { BindscapeError } from "@bindscape/numerics";

/** Shapes of all parameters of a network, by name. */
export function parameterShapesOf(build: Build): Map<string, number[]> {
  const graph = new Graph({ batch: "free", phase: "inference" });
  build(graph);
  return new Map([...graph.parameters].map(([name, { shape }]) => [name, [...shape] as number[]]));
}

/**
 * Checks that weights are those of a network: each parameter there, in its shape, of finite numbers, and no other.
 * @throws BindscapeError naming the first one that is not
 */
export function checkWeights(
  tensors: ReadonlyMap<string, { readonly shape: readonly number[]; readonly data: Float32Array }>,
  shapes: ReadonlyMap<string, readonly number[]>,
  source?: string,
): void {
  const fail = (found: string, expected: string): never => {
    throw new BindscapeError({
      source,
      found,
      expected,
      next: "The weights belong to another model than the bundle's model.json, or the file is damaged",
    });
  };
  for (const [name, shape] of shapes) {
    const tensor = tensors.get(name);
    if (!tensor) {
      fail(`no tensor "${name}"`, `one of shape [${shape.join(", ")}]`);
      continue;
    }
    if (tensor.shape.length !== shape.length || tensor.shape.some((length, axis) => length !== shape[axis])) {
      fail(
        `the tensor "${name}" of shape [${tensor.shape.join(", ")}]`,
        `the shape [${shape.join(", ")}] of the model`,
      );
    }
    const odd = tensor.data.findIndex((value) => !Number.isFinite(value));
    if (odd >= 0) fail(`${tensor.data[odd]} in the tensor "${name}" (entry ${odd})`, "finite numbers");
  }
  for (const name of tensors.keys()) {
    if (!shapes.has(name)) fail(`a tensor "${name}"`, `only ${[...shapes.keys()].join(", ")}`);
  }
}

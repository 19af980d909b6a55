import type { Build } from "@bindscape/gradient";
import { matchesName, transferParameters } from "@bindscape/gradient";
import { BindscapeError } from "@bindscape/numerics";
import { describeNetwork, type Network } from "../network/describe-network.js";
import { parameterShapesOf } from "../network/parameter-shapes.js";

/** First values from another network, and the names of the parameters that got them. */
export interface TransferredBody {
  readonly parameters: Map<string, Float32Array>;
  readonly names: readonly string[];
}

/**
 * Takes over the body of a trained network (convolutions, what normalises them, recurrent layers); everything else is
 * drawn anew.
 * @param build the network that gets it, of the same architecture
 * @throws BindscapeError where the architectures or the shapes differ
 */
export function transferBody(from: Network, model: string, build: Build): TransferredBody {
  const { definition, options, context } = describeNetwork(from);
  if (definition.name !== model) {
    throw new BindscapeError({
      source: "transfer",
      found: `a network of the architecture ${definition.name}`,
      expected: `one of ${model}`,
      next: `Train with --architecture ${definition.name}`,
    });
  }
  const shapes = parameterShapesOf(definition.build(options, context));
  const source = new Map(
    [...from.parameters].map(([name, data]) => [name, { shape: shapes.get(name)!, data }]),
  );
  const { body = [] } = definition;
  const own = [...parameterShapesOf(build).keys()];
  const draw = own.filter((name) => !body.some((pattern) => matchesName(pattern, name)));
  if (draw.length === own.length) {
    throw new BindscapeError({
      source: "transfer",
      found: `a network of the architecture ${model}, which has no layers to take over`,
      expected: "one with convolutions that other tasks can use",
    });
  }
  try {
    const { parameters } = transferParameters({ build, source, draw });
    return { parameters, names: [...parameters.keys()] };
  } catch (cause) {
    if (!(cause instanceof BindscapeError)) throw cause;
    throw new BindscapeError({
      source: cause.source,
      found: cause.found,
      expected: cause.expected ?? "the same layers",
      next: "Give the network the kernels, widths and recurrent units of the one it starts from (leave --preset out)",
      cause,
    });
  }
}

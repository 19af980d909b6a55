import { z } from "zod";

const count = z.int().min(1).max(65_536);
const padding = z
  .union([z.enum(["valid", "same"]), z.tuple([z.int().min(0).max(10_000), z.int().min(0).max(10_000)])])
  .default("valid");

const layerSchema = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("convolution"),
    kernels: count,
    /** Positions of the layer before that a kernel sees. */
    width: count,
    stride: count.default(1),
    /** None, as many zeros as keep the length, or zeros before and behind. */
    padding,
  }),
  z.strictObject({
    kind: z.literal("batch-normalisation"),
    /** Added to the variance. */
    epsilon: z.number().positive().default(1e-3),
    momentum: z.number().min(0).max(1).default(0.99),
  }),
  z.strictObject({
    kind: z.literal("activation"),
    function: z.enum([
      "relu",
      "sigmoid",
      "hard-sigmoid",
      "tanh",
      "elu",
      "leaky-relu",
      "exponential",
      "softplus",
    ]),
    /** Of elu (1 where absent) and leaky-relu (0.3 where absent, as in Keras). */
    alpha: z.number().optional(),
  }),
  z.strictObject({
    kind: z.enum(["max-pool", "average-pool"]),
    size: count,
    /** Side by side where absent. */
    stride: count.optional(),
    padding,
  }),
  z.strictObject({ kind: z.enum(["global-max-pool", "global-average-pool"]) }),
  /** [kernels, positions] in this order, kernel by kernel. */
  z.strictObject({ kind: z.literal("flatten") }),
  z.strictObject({ kind: z.literal("dense"), units: count }),
  z.strictObject({ kind: z.literal("dropout"), rate: z.number().min(0).max(0.95) }),
]);

/** A layer of a network of convolutions, pools and dense layers. */
export type Layer = z.output<typeof layerSchema>;

/** Layers of the network of DeepLIFT's and TF-MoDISco's TAL1 and GATA1 example, with a shorter average. */
const defaultLayers: z.input<typeof layerSchema>[] = [
  { kind: "convolution", kernels: 50, width: 11 },
  { kind: "activation", function: "relu" },
  { kind: "convolution", kernels: 50, width: 11 },
  { kind: "activation", function: "relu" },
  { kind: "global-average-pool" },
  { kind: "dense", units: 50 },
  { kind: "activation", function: "relu" },
  { kind: "dropout", rate: 0.5 },
];

/** Options of a network given layer by layer; the output layer, one unit a task, stands behind the last one. */
export const convolutionDenseOptions = z
  .strictObject({
    windowLength: z.int().min(4).max(100_000).default(1000).describe("Window length in bp"),
    layers: z
      .array(layerSchema)
      .min(1)
      .max(200)
      .default(() => defaultLayers.map((layer) => layerSchema.parse(layer)))
      .describe("Layers before the output layer, the first one a convolution"),
    output: z
      .enum(["sigmoid", "softmax"])
      .default("sigmoid")
      .describe("Tasks each for itself, or as classes that exclude one another"),
    unknownBase: z
      .union([z.literal(0), z.literal(0.25)])
      .default(0)
      .describe("What every channel of bases holds at N"),
  })
  .superRefine((options, context) => {
    const problem = findProblem(options.layers, options.windowLength);
    if (problem)
      context.addIssue({ code: "custom", path: ["layers", problem.layer], message: problem.found });
  });

export type ConvolutionDenseOptions = z.output<typeof convolutionDenseOptions>;

/** What a tensor between layers looks like: [N, channels, positions], or [N, channels] where positions is null. */
interface Form {
  readonly channels: number;
  readonly positions: number | null;
}

/** Zeros before and behind a sliding layer's positions. */
export function paddingOf(
  { padding: given }: { readonly padding: "valid" | "same" | readonly [number, number] },
  positions: number,
  width: number,
  stride: number,
): [before: number, after: number] {
  if (given === "valid") return [0, 0];
  if (given !== "same") return [given[0], given[1]];
  const total = Math.max(0, (Math.ceil(positions / stride) - 1) * stride + width - positions);
  return [Math.floor(total / 2), Math.ceil(total / 2)];
}

/** Positions behind a sliding layer; below 1 where it does not fit. */
export function slidePositions(positions: number, width: number, stride: number, pad: [number, number]) {
  return Math.floor((positions + pad[0] + pad[1] - width) / stride) + 1;
}

/** The first layer that cannot follow those before it. */
function findProblem(
  layers: readonly Layer[],
  windowLength: number,
): { layer: number; found: string } | null {
  if (layers[0].kind !== "convolution") return { layer: 0, found: "the first layer is no convolution" };
  let form: Form = { channels: 4, positions: windowLength };
  for (const [i, layer] of layers.entries()) {
    const next = formBehind(layer, form);
    if (typeof next === "string") return { layer: i, found: next };
    if (next.channels * (next.positions ?? 1) > 2 ** 24)
      return { layer: i, found: "more than 16 million values for every window" };
    form = next;
  }
  return form.positions === null
    ? null
    : { layer: layers.length - 1, found: "neither a flatten nor a global pool before the output" };
}

function formBehind(layer: Layer, { channels, positions }: Form): Form | string {
  switch (layer.kind) {
    case "convolution":
    case "max-pool":
    case "average-pool": {
      if (positions === null) return `${layer.kind} behind flattened values`;
      const width = layer.kind === "convolution" ? layer.width : layer.size;
      const stride = layer.stride ?? width;
      const pad = paddingOf(layer, positions, width, stride);
      if (layer.kind !== "convolution" && Math.max(...pad) >= width)
        return `${layer.kind} over ${width} positions with a padding of ${pad.join(" and ")}`;
      const left = slidePositions(positions, width, stride, pad);
      if (left < 1) return `${layer.kind} over ${width} of ${positions} positions`;
      return { channels: layer.kind === "convolution" ? layer.kernels : channels, positions: left };
    }
    case "global-max-pool":
    case "global-average-pool":
      return positions === null ? `${layer.kind} behind flattened values` : { channels, positions: null };
    case "flatten":
      return { channels: channels * (positions ?? 1), positions: null };
    case "dense":
      return positions === null
        ? { channels: layer.units, positions: null }
        : "dense before a flatten or a global pool (for one at each position: a convolution of width 1)";
    default:
      return { channels, positions };
  }
}

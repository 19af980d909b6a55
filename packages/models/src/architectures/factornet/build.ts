import {
  add,
  alignStrands,
  type Build,
  bidirectionalLstm,
  binaryCrossEntropyFromStrandLogits,
  bothStrands,
  concatenate,
  convolution1d,
  dense,
  dropout,
  flatten,
  fromValues,
  type Graph,
  glorotUniform,
  type Initialiser,
  lstmParameters,
  maxPool1d,
  meanOverStrands,
  multiply,
  perPositionDense,
  relu,
  repeatForStrands,
  runningMaximum,
  sigmoid,
  strandConvolution1d,
  subtract,
  type Tensor,
  transpose,
  zeros,
} from "@bindscape/gradient";
import { BindscapeError } from "@bindscape/numerics";
import { countChannels } from "@bindscape/study";
import type { NetworkContext, SharedOverlap } from "../../model-definition.js";
import { reverseComplementChannels } from "../../strand-tracks.js";
import { logOdds } from "../sequence-network/initial-values.js";
import { type FactorNetOptions, poolWidthOf, recurrentUnitsOf } from "./options.js";
import { seededBiases, seededConvolution } from "./seeding.js";

/**
 * FactorNet (Quang and Xie 2019, Figure 1 and section 2.4): convolution, per-position dense layer, max pooling,
 * bidirectional LSTM, dense layers. The same weights see both strands; the strands' sigmoid outputs are averaged.
 * Bin-level features join the dense layer, with a second dense layer behind (section 2.3). With global pooling, as
 * the published script has it, one maximum a kernel stands in for pooled steps and LSTM.
 */
export function buildFactorNet(options: FactorNetOptions, context: NetworkContext): Build {
  const { plan, tasks } = context;
  const channels = countChannels(plan);
  const { kernelWidth, windowLength } = options;
  const poolWidth = poolWidthOf(options);
  const positions = windowLength - kernelWidth + 1;
  const steps = Math.floor(positions / poolWidth);
  if (steps < 1) {
    throw new BindscapeError({
      found: `windows of ${windowLength} bp, kernels of ${kernelWidth} bp and pooling over ${poolWidth} bp`,
      expected: "at least one pooled position",
      next: "Use longer windows or narrower kernels",
    });
  }
  const permutation = reverseComplementChannels(plan);

  return (graph: Graph) => {
    const windows = graph.input("windows", [graph.batch, channels, windowLength]);
    const { kernel, bias } = convolutionParameters(graph, options, context);
    // Where the pool divides the positions exactly, the reverse strand can be computed in forward coordinates,
    // which saves turning the windows round; otherwise the strands' remainders differ and it cannot.
    // A graph that keeps its order has each strand of the convolution in its own orientation.
    const divides = positions % poolWidth === 0 && !graph.keepsOrder;
    const convolved = relu(
      divides
        ? strandConvolution1d(windows, kernel, bias, permutation)
        : convolution1d(bothStrands(windows, permutation), kernel, bias),
    );
    const position = positionParameters(graph, options);
    const perPosition = positionLayer(dropout(convolved, options.convolutionDropout), position);
    const pooled = maxPool1d(perPosition, { size: poolWidth });
    const logits = headLogits(
      graph,
      transpose(divides ? alignStrands(pooled) : pooled, [0, 2, 1]),
      options,
      context,
    );
    const labels = graph.input("labels", [graph.batch, tasks]);
    const weights = graph.input("weights", [graph.batch, tasks]);
    // A training step computes and copies every output it is given, so it is given none.
    const outputs: Record<string, Tensor> = {};
    if (graph.phase !== "training") {
      outputs.probability = meanOverStrands(sigmoid(logits));
      outputs.logit = meanOverStrands(logits);
      // For kernel motifs and attributions (pruned otherwise): even rows see the window, odd rows its reverse complement.
      outputs.convolution = divides
        ? relu(convolution1d(bothStrands(windows, permutation), kernel, bias))
        : convolved;
      outputs.position = divides ? positionLayer(outputs.convolution, position) : perPosition;
    }
    return {
      outputs,
      loss: binaryCrossEntropyFromStrandLogits(logits, labels, weights),
    };
  };
}

/**
 * The same network for windows that overlap: convolution, per-position layer and pooling are the same for every
 * window that sees a base, so they are computed once a stretch of the chromosome.
 */
export function shareFactorNetOverlap(
  options: FactorNetOptions,
  context: NetworkContext,
  windows: number,
): SharedOverlap {
  const { kernels, kernelWidth, windowLength } = options;
  const poolWidth = poolWidthOf(options);
  return {
    reach: kernelWidth + poolWidth - 1,
    stride: poolWidth,
    steps: Math.floor((windowLength - kernelWidth + 1) / poolWidth),
    values: kernels,
    stem: (graph, stretch) => {
      const { kernel, bias } = convolutionParameters(graph, options, context);
      const permutation = reverseComplementChannels(context.plan);
      const convolved = relu(strandConvolution1d(stretch, kernel, bias, permutation));
      return runningMaximum(positionLayer(convolved, positionParameters(graph, options)), {
        size: poolWidth,
      });
    },
    head: (graph, pooled) => {
      // ONNX Runtime's one operator is slow on hard-sigmoid gates; the graph without it takes longer to load, which
      // some thousand windows make up for.
      const unrolled =
        options.gates === "hard-sigmoid" && windows >= 6000 && (pooled.shape[1] as number) <= 200;
      return meanOverStrands(sigmoid(headLogits(graph, pooled, options, context, unrolled)));
    },
  };
}

function convolutionParameters(
  graph: Graph,
  options: FactorNetOptions,
  context: NetworkContext,
): { kernel: Tensor; bias: Tensor } {
  const channels = countChannels(context.plan);
  const { kernels, kernelWidth } = options;
  return {
    kernel: graph.parameter(
      "convolution.kernel",
      [kernels, channels, kernelWidth],
      options.seedKernels ? seededConvolution(options, context, channels) : glorotUniform(),
    ),
    bias: graph.parameter(
      "convolution.bias",
      [kernels],
      options.seedKernels && options.seedThreshold > 0 ? seededBiases(options, context, channels) : zeros(),
    ),
  };
}

/** The per-position dense layer. @param x [N, kernels, positions] */
function positionParameters(graph: Graph, { kernels }: FactorNetOptions): { kernel: Tensor; bias: Tensor } {
  return {
    kernel: graph.parameter("position.kernel", [kernels, kernels], glorotUniform()),
    bias: graph.parameter("position.bias", [kernels], zeros()),
  };
}

function positionLayer(x: Tensor, { kernel, bias }: { kernel: Tensor; bias: Tensor }): Tensor {
  return relu(perPositionDense(x, kernel, bias));
}

/**
 * Everything behind the pooling.
 * @param pooled [2N, steps, kernels], each strand in its own orientation
 * @param unrolled write the LSTM step by step; prediction only
 * @returns logits [2N, tasks]
 */
function headLogits(
  graph: Graph,
  pooled: Tensor,
  options: FactorNetOptions,
  context: NetworkContext,
  unrolled = false,
): Tensor {
  const { plan, tasks } = context;
  const parameter = (name: string, shape: number[], initialise = glorotUniform()) =>
    graph.parameter(name, shape, initialise);
  const steps = pooled.shape[1] as number;
  let hidden = pooled;
  let width = options.kernels;
  const units = recurrentUnitsOf(options);
  if (units > 0) {
    hidden = bidirectionalLstm(
      hidden,
      lstmParameters(graph, "recurrent", { inputs: options.kernels, units }),
      {
        gateActivation: options.gates,
        inputDropout: options.recurrentDropout,
        recurrentDropout: options.recurrentDropout,
        unrolled,
      },
    );
    width = 2 * units;
  }
  let top = flatten(dropout(hidden, options.dropout));
  top = relu(
    dense(
      top,
      parameter("dense.kernel", [steps * width, options.dense]),
      parameter("dense.bias", [options.dense], zeros()),
    ),
  );
  const features = plan.features.length > 0 ? scaledFeatures(graph, context) : null;
  const merged = options.mergeDense ?? options.dense;
  if (features) {
    top = relu(
      dense(
        dropout(concatenate([top, repeatForStrands(features)], 1), options.featureDropout),
        parameter("merge.kernel", [options.dense + plan.features.length, merged]),
        parameter("merge.bias", [merged], zeros()),
      ),
    );
  }
  top = dropout(top, options.denseDropout ?? options.dropout);
  const logits = dense(
    top,
    parameter(
      "output.kernel",
      [features ? merged : options.dense, tasks],
      context.linearStart ? scaledGlorot(0.1) : glorotUniform(),
    ),
    graph.parameter("output.bias", [tasks], fromValues(outputBias(context))),
  );
  return features && options.linearFeatures
    ? add(logits, repeatForStrands(linearPart(graph, features, context)))
    : logits;
}

/** Features as deviations from their training mean in units of their training spread. */
function scaledFeatures(graph: Graph, { plan, featureScaling }: NetworkContext): Tensor {
  const width = plan.features.length;
  const fixed = (name: string, values: readonly number[]) =>
    graph.parameter(name, [width], fromValues(Float32Array.from(values)), { trainable: false });
  const raw = graph.input("features", [graph.batch, width]);
  const centred = subtract(raw, fixed("features.mean", featureScaling.mean));
  return multiply(
    centred,
    fixed(
      "features.inverseScale",
      featureScaling.scale.map((scale) => 1 / scale),
    ),
  );
}

/**
 * A linear function of the features and their squares for each task, on the signal and on the task's own motif;
 * starts as the logistic regression of the training bins where one was fitted.
 */
function linearPart(graph: Graph, features: Tensor, { plan, tasks, linearStart }: NetworkContext): Tensor {
  const rows = 2 * plan.features.length;
  const terms = concatenate([features, multiply(features, features)], 1);
  const start = new Float32Array(rows * tasks);
  linearStart?.forEach(({ coefficients }, task) => {
    for (let row = 0; row < rows; row++) start[row * tasks + task] = coefficients[row];
  });
  return dense(
    terms,
    graph.parameter("linear.kernel", [rows, tasks], fromValues(start)),
    graph.parameter("linear.bias", [tasks], zeros(), { trainable: false }),
  );
}

/** Glorot's uniform values made smaller: behind a linear part that is right from the start, they begin as a detail. */
function scaledGlorot(factor: number): Initialiser {
  return (shape, random) => glorotUniform()(shape, random).map((value) => value * factor);
}

/** Log-odds of the training share of bound windows, or the intercepts of the regressions the linear part starts as. */
function outputBias({ linearStart, boundShare }: NetworkContext): Float32Array {
  return Float32Array.from(
    linearStart ? linearStart.map(({ intercept }) => intercept) : boundShare.map(logOdds),
  );
}

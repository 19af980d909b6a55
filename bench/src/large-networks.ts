import {
  add,
  alignStrands,
  type Build,
  bidirectionalLstm,
  binaryCrossEntropyFromLogits,
  binaryCrossEntropyFromStrandLogits,
  convolution1d,
  dense,
  flatten,
  type Graph,
  globalAveragePool1d,
  glorotUniform,
  lstmParameters,
  maxPool1d,
  meanOverStrands,
  multiply,
  reduceMean,
  relu,
  reshape,
  sigmoid,
  strandConvolution1d,
  type Tensor,
  transpose,
  zeros,
} from "@bindscape/gradient";

/** Labels of the DeepSEA and DanQ compendium. */
const OUTPUTS = 919;
const HIDDEN = 925;
const LENGTH = 1000;

function denseLayer(graph: Graph, name: string, x: Tensor, outputs: number): Tensor {
  const kernel = graph.parameter(`${name}.kernel`, [x.shape[1] as number, outputs], glorotUniform());
  return dense(x, kernel, graph.parameter(`${name}.bias`, [outputs], zeros()));
}

/** DanQ (Quang and Xie 2016): convolution 320 x 26, pool 13, bidirectional LSTM 320, dense 925, on both strands. */
export const danQ: Build = (graph) => {
  const x = graph.input("windows", [graph.batch, 4, LENGTH]);
  const kernel = graph.parameter("convolution.kernel", [320, 4, 26], glorotUniform());
  const bias = graph.parameter("convolution.bias", [320], zeros());
  const convolved = strandConvolution1d(x, kernel, bias, [3, 2, 1, 0]);
  const pooled = alignStrands(maxPool1d(relu(convolved), { size: 13 }));
  const states = bidirectionalLstm(
    transpose(pooled, [0, 2, 1]),
    lstmParameters(graph, "recurrent", { inputs: 320, units: 320 }),
  );
  const logits = denseLayer(
    graph,
    "output",
    relu(denseLayer(graph, "dense", flatten(states), HIDDEN)),
    OUTPUTS,
  );
  return {
    outputs: { probability: meanOverStrands(sigmoid(logits)) },
    loss: binaryCrossEntropyFromStrandLogits(logits, graph.input("labels", [graph.batch, OUTPUTS])),
  };
};

/** DeepSEA (Zhou and Troyanskaya 2015): convolutions 320, 480 and 960 x 8, pools of 4, dense 925. */
export const deepSea: Build = (graph) => {
  let x = graph.input("windows", [graph.batch, 4, LENGTH]);
  for (const [layer, [inputs, filters]] of [
    [4, 320],
    [320, 480],
    [480, 960],
  ].entries()) {
    const kernel = graph.parameter(`convolution${layer}.kernel`, [filters, inputs, 8], glorotUniform());
    x = relu(convolution1d(x, kernel, graph.parameter(`convolution${layer}.bias`, [filters], zeros())));
    if (layer < 2) x = maxPool1d(x, { size: 4 });
  }
  const logits = denseLayer(graph, "output", relu(denseLayer(graph, "dense", flatten(x), HIDDEN)), OUTPUTS);
  return {
    outputs: { probability: sigmoid(logits) },
    loss: binaryCrossEntropyFromLogits(logits, graph.input("labels", [graph.batch, OUTPUTS])),
  };
};

/** Six same-padded convolutions of 64 kernels with shortcuts, five of them dilated, and the mean over positions. */
export const dilatedResidual: Build = (graph) => {
  const windows = graph.input("windows", [graph.batch, 4, LENGTH]);
  const convolved = (x: Tensor, name: string, width: number, dilation: number) => {
    const kernel = graph.parameter(`${name}.kernel`, [64, x.shape[1] as number, width], glorotUniform());
    const bias = graph.parameter(`${name}.bias`, [64], zeros());
    return relu(convolution1d(x, kernel, bias, { padding: "same", dilation }));
  };
  let x = convolved(windows, "first", 25, 1);
  for (const dilation of [2, 4, 8, 16, 32]) x = add(x, convolved(x, `dilated${dilation}`, 3, dilation));
  return { outputs: { probability: sigmoid(denseLayer(graph, "output", globalAveragePool1d(x), 1)) } };
};

export const RECURRENT_STEPS = 75;

/**
 * A bidirectional LSTM alone: [N, 75, H] to [N, 75, 2H]. Its input is scaled by a parameter, so that the gradient of
 * the input is needed, as it is behind a convolution.
 */
export function recurrent(units: number): Build {
  return (graph) => {
    const x = graph.input("windows", [graph.batch, RECURRENT_STEPS, units]);
    const scale = graph.parameter("scale", [units], (shape) => new Float32Array(shape[0]).fill(1));
    const states = bidirectionalLstm(
      multiply(x, scale),
      lstmParameters(graph, "recurrent", { inputs: units, units }),
    );
    return { outputs: {}, loss: reshape(reduceMean(multiply(states, add(states, 1))), []) };
  };
}

export interface Operations {
  /** Multiplications and additions of one forward pass. */
  readonly forward: number;
  /** Of the gradient that the first layer's input would need: it is not computed. */
  readonly firstInput: number;
}

/** Two for each multiplication and addition of a DanQ forward pass of `sequences`. */
export function danQOperations(sequences: number): Operations {
  const positions = LENGTH - 26 + 1;
  const steps = Math.floor(positions / 13);
  const convolution = positions * 320 * 4 * 26;
  const lstm = steps * 2 * 4 * 320 * (320 + 320);
  const last = steps * 640 * HIDDEN + HIDDEN * OUTPUTS;
  return { forward: 2 * sequences * (convolution + lstm + last), firstInput: 2 * sequences * convolution };
}

export function deepSeaOperations(sequences: number): Operations {
  const first = 993 * 320 * 4 * 8;
  const second = 241 * 480 * 320 * 8;
  const third = 53 * 960 * 480 * 8;
  const last = 53 * 960 * HIDDEN + HIDDEN * OUTPUTS;
  return { forward: 2 * sequences * (first + second + third + last), firstInput: 2 * sequences * first };
}

export function recurrentOperations(units: number, sequences: number): Operations {
  return { forward: 2 * sequences * RECURRENT_STEPS * 2 * 4 * units * 2 * units, firstInput: 0 };
}

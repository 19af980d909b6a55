import {
  alignStrands,
  type Build,
  bidirectionalLstm,
  binaryCrossEntropyFromStrandLogits,
  dense,
  dropout,
  flatten,
  glorotUniform,
  lstmParameters,
  maxPool1d,
  meanOverStrands,
  perPositionDense,
  relu,
  sigmoid,
  strandConvolution1d,
  transpose,
  zeros,
} from "@bindscape/gradient";

/** FactorNet's sizes as `docs/design/engine.md` measures them. */
export interface FactorNetSizes {
  readonly channels: number;
  readonly length: number;
  readonly kernels: number;
  readonly width: number;
  readonly pool: number;
  readonly recurrent: number;
  readonly dense: number;
  readonly dropout: boolean;
}

export const designSizes: FactorNetSizes = {
  channels: 6,
  length: 1000,
  kernels: 32,
  width: 26,
  pool: 13,
  recurrent: 32,
  dense: 128,
  dropout: false,
};

/** FactorNet's network (Quang and Xie 2019) without bin-level features. */
export function factorNet(sizes: FactorNetSizes): Build {
  const permutation = [3, 2, 1, 0, ...Array.from({ length: sizes.channels - 4 }, (_, i) => i + 4)];
  const rate = (value: number) => (sizes.dropout ? value : 0);
  return (graph) => {
    const { channels, kernels, width, recurrent } = sizes;
    const weight = (name: string, shape: number[]) => graph.parameter(name, shape, glorotUniform());
    const bias = (name: string, length: number) => graph.parameter(name, [length], zeros());
    const x = graph.input("windows", [graph.batch, channels, sizes.length]);
    const convolved = strandConvolution1d(
      x,
      weight("convolution.kernel", [kernels, channels, width]),
      bias("convolution.bias", kernels),
      permutation,
    );
    const positions = perPositionDense(
      dropout(relu(convolved), rate(0.1)),
      weight("position.kernel", [kernels, kernels]),
      bias("position.bias", kernels),
    );
    const pooled = alignStrands(maxPool1d(relu(positions), { size: sizes.pool }));
    const states = bidirectionalLstm(
      transpose(pooled, [0, 2, 1]),
      lstmParameters(graph, "recurrent", { inputs: kernels, units: recurrent }),
      { inputDropout: rate(0.1), recurrentDropout: rate(0.1) },
    );
    const features = flatten(dropout(states, rate(0.5)));
    const hidden = relu(
      dense(
        features,
        weight("dense.kernel", [features.shape[1] as number, sizes.dense]),
        bias("dense.bias", sizes.dense),
      ),
    );
    const logits = dense(
      dropout(hidden, rate(0.5)),
      weight("output.kernel", [sizes.dense, 1]),
      bias("output.bias", 1),
    );
    return {
      outputs: { probability: meanOverStrands(sigmoid(logits)) },
      loss: binaryCrossEntropyFromStrandLogits(logits, graph.input("labels", [graph.batch, 1])),
    };
  };
}

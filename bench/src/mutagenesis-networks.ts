import {
  averagePool1d,
  type Build,
  bidirectionalLstm,
  convolution1d,
  dense,
  flatten,
  type Graph,
  glorotUniform,
  lstmParameters,
  maxPool1d,
  relu,
  sigmoid,
  type Tensor,
  transpose,
  zeros,
} from "@bindscape/gradient";

function convolve(graph: Graph, name: string, x: Tensor, filters: number, width: number): Tensor {
  const kernel = graph.parameter(`${name}.kernel`, [filters, x.shape[1] as number, width], glorotUniform());
  return relu(convolution1d(x, kernel, graph.parameter(`${name}.bias`, [filters], zeros())));
}

function denseLayer(graph: Graph, name: string, x: Tensor, outputs: number): Tensor {
  const kernel = graph.parameter(`${name}.kernel`, [x.shape[1] as number, outputs], glorotUniform());
  return dense(x, kernel, graph.parameter(`${name}.bias`, [outputs], zeros()));
}

/** A network of one output on windows of `length` bp. */
const network =
  (length: number, hidden: number, body: (graph: Graph, windows: Tensor) => Tensor): Build =>
  (graph) => {
    const windows = graph.input("windows", [graph.batch, 4, length]);
    const top = relu(denseLayer(graph, "dense", flatten(body(graph, windows)), hidden));
    const logit = denseLayer(graph, "output", top, 1);
    return { outputs: { logit, probability: sigmoid(logit) } };
  };

export interface MutagenesisNetwork {
  readonly length: number;
  readonly build: Build;
  /** Sequences of one run. */
  readonly sequences: number;
}

/** Networks that are mutated, each at the size of its paper with one output. */
export const mutagenesisNetworks = {
  /** Zhou and Troyanskaya 2015. */
  deepsea: {
    length: 1000,
    sequences: 4,
    build: network(1000, 925, (graph, windows) => {
      const first = maxPool1d(convolve(graph, "first", windows, 320, 8), { size: 4 });
      const second = maxPool1d(convolve(graph, "second", first, 480, 8), { size: 4 });
      return convolve(graph, "third", second, 960, 8);
    }),
  },
  /** Quang and Xie 2016 without the recurrent layer. */
  "danq-convolution": {
    length: 1000,
    sequences: 4,
    build: network(1000, 925, (graph, windows) =>
      maxPool1d(convolve(graph, "first", windows, 320, 26), { size: 13 }),
    ),
  },
  /** Quang and Xie 2016, one strand. */
  danq: {
    length: 1000,
    sequences: 2,
    build: network(1000, 925, (graph, windows) => {
      const pooled = maxPool1d(convolve(graph, "first", windows, 320, 26), { size: 13 });
      const parameters = lstmParameters(graph, "recurrent", { inputs: 320, units: 320 });
      return bidirectionalLstm(transpose(pooled, [0, 2, 1]), parameters);
    }),
  },
  /** The model of DeepLIFT's published genomics example. */
  "tal1-gata1": {
    length: 200,
    sequences: 50,
    build: network(200, 50, (graph, windows) => {
      const second = convolve(graph, "second", convolve(graph, "first", windows, 50, 11), 50, 11);
      return averagePool1d(second, { size: 180, stride: 1 });
    }),
  },
} as const satisfies Record<string, MutagenesisNetwork>;

import {
  adam,
  add,
  type Build,
  dense,
  dirichletDivergence,
  dirichletSample,
  expand,
  type Graph,
  glorotUniform,
  log,
  matrixProduct,
  maximum,
  minimum,
  multinomialNegativeLogLikelihood,
  nodeRuntime,
  normal,
  reduceMean,
  relu,
  reshape,
  softmax,
  softplus,
  sparseBag,
  type Tensor,
  TrainingStep,
  takeAlong,
  zeros,
} from "@bindscape/gradient";
import { Random } from "@bindscape/numerics";
import { type Figure, makeFigure, medianMilliseconds, runPeer } from "./figure.js";

const threads = Number(process.env.BINDSCAPE_BENCH_THREADS ?? 2);
/** Sizes of the paper: 112,800 wildcard 8-mers, of which a 200-bp peak has at most 3,088. */
const [batch, features, hidden, topics, entries] = [128, 112800, 300, 100, 3088];

/** One training step of BindVAE's network with sparse input, against PyTorch with dense input. */
export async function run(): Promise<Figure[]> {
  const [repeats, warmUps] = [20, 5];
  const ours = await measure(repeats, warmUps);
  const peer = runPeer("bindvae_step.py", [`${threads}`, `${repeats}`, `${warmUps}`]);
  const against = (value: number | undefined) =>
    value === undefined ? null : { name: "PyTorch, dense input", value };
  return [
    makeFigure(
      "BindVAE training step, 45 million parameters",
      ours.step,
      "ms",
      "less",
      against(peer?.["step"]),
    ),
    makeFigure(
      "BindVAE training step, processor time",
      ours.processor,
      "ms",
      "less",
      against(peer?.["processor"]),
    ),
  ];
}

async function measure(repeats: number, warmUps: number): Promise<{ step: number; processor: number }> {
  const step = await TrainingStep.create(nodeRuntime(), {
    build,
    batchSize: batch,
    optimizer: adam(),
    seed: 1,
    threads,
    profile: process.env.BINDSCAPE_BENCH_PROFILE,
  });
  const random = new Random("bindvae-step");
  const indices = Float32Array.from({ length: batch * entries }, () => random.integer(features));
  const counts = new Float32Array(batch * entries).fill(1);
  const processor: number[] = [];
  const work = async () => {
    const before = process.cpuUsage();
    const { loss } = await step.run({ indices, counts }, 3e-4);
    const { user, system } = process.cpuUsage(before);
    processor.push((user + system) / 1000);
    if (!Number.isFinite(loss)) throw new Error(`the loss is ${loss}`);
  };
  const milliseconds = await medianMilliseconds(work, repeats, warmUps);
  await step.release();
  return { step: milliseconds, processor: Math.min(...processor.slice(warmUps)) };
}

const build: Build = (graph) => {
  const indices = graph.input("indices", [graph.batch, entries]);
  const counts = graph.input("counts", [graph.batch, entries]);
  const first = sparseBag(
    indices,
    counts,
    graph.parameter("first.kernel", [features, hidden], glorotUniform()),
  );
  let x = relu(add(first, graph.parameter("first.bias", [hidden], zeros())));
  for (const name of ["second", "third"]) x = relu(layer(graph, x, name, [hidden, hidden]));
  const concentration = positive(layer(graph, x, "last", [hidden, topics]));
  const theta = dirichletSample(concentration);
  const words = softmax(graph.parameter("words", [topics, features], normal(1)));
  const likelihood = log(takeAlong(matrixProduct(theta, words), indices, { axis: 1 }));
  const prior = positive(graph.parameter("prior", [topics], (shape) => new Float32Array(shape[0]).fill(10)));
  const divergence = dirichletDivergence(concentration, expand(prior, concentration));
  const loss = add(reshape(reduceMean(divergence), []), multinomialNegativeLogLikelihood(likelihood, counts));
  return { outputs: { theta }, loss };
};

function layer(graph: Graph, x: Tensor, name: string, shape: readonly [number, number]): Tensor {
  const kernel = graph.parameter(`${name}.kernel`, shape, glorotUniform());
  return dense(x, kernel, graph.parameter(`${name}.bias`, [shape[1]], zeros()));
}

/** Softplus within [0.1, 1000]. */
function positive(x: Tensor): Tensor {
  return minimum(maximum(softplus(x), 0.1), 1000);
}

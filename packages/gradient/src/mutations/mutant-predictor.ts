import { BindscapeError } from "@bindscape/numerics";
import type { Tensor } from "../graph.js";
import { checkFeed, chooseOutputs, type ParameterValues, requiredValues } from "../model.js";
import { emitModel, leavesOf } from "../onnx/emit-model.js";
import type { Runtime, Session, TensorValue } from "../runtime.js";
import { foldWeights } from "./fold-weights.js";
import type { MutationNetwork } from "./follow-mutations.js";

/** From so many values on rearranged weights are fed to every run as they are, rather than stored in the model. */
const LARGE = 2 ** 18;

/** Runs a {@link MutationNetwork} for one window after another. */
export class MutantPredictor {
  private constructor(
    readonly session: Session,
    readonly inputs: ReadonlyMap<string, readonly number[]>,
    /** Weights that every run is fed. */
    readonly weights: Readonly<Record<string, TensorValue>>,
    readonly output: string,
  ) {}

  /**
   * @param network written for the runtime's device
   * @param options `output`: the output to compute
   */
  static async create(
    runtime: Runtime,
    network: MutationNetwork,
    options: {
      readonly parameters: ParameterValues;
      readonly output: string;
      readonly threads?: number;
      /** Path prefix of a profile to write (measurements only). */
      readonly profile?: string;
    },
  ): Promise<MutantPredictor> {
    const { parameters, output } = options;
    const { graph } = network;
    const outputs = chooseOutputs({ outputs: Object.fromEntries(network.outputs) }, [output]);
    const values = new Map<Tensor, Float32Array>();
    for (const tensor of leavesOf([...outputs.values()])) {
      const { source } = tensor;
      if (source?.kind === "constant") values.set(tensor, source.values);
      if (source?.kind === "parameter") values.set(tensor, requiredValues(source.name, tensor, parameters));
    }
    const folded = foldWeights([...outputs.values()], (tensor) => values.get(tensor) ?? null);
    const cut = new Set(folded.keys());
    const leaves = leavesOf([...outputs.values()], cut);
    const stored = new Map<string, { tensor: Tensor; values: Float32Array }>();
    for (const [name, tensor] of graph.parameters)
      if (leaves.has(tensor)) stored.set(name, { tensor, values: values.get(tensor)! });
    const fed = new Map<string, Tensor>();
    const weights: Record<string, TensorValue> = {};
    for (const [tensor, data] of folded) {
      const name = `weights/${tensor.id}`;
      if (data.length < LARGE) stored.set(name, { tensor, values: data });
      else {
        fed.set(name, tensor);
        weights[name] = { data, shape: tensor.shape as readonly number[] };
      }
    }
    const inputs = new Map([...graph.inputs].filter(([, tensor]) => leaves.has(tensor)));
    const session = await runtime.createSession(
      emitModel({ graphName: "mutants", inputs: new Map([...inputs, ...fed]), stored, outputs, cut }),
      options,
    );
    const shapes = [...inputs].map(([name, { shape }]) => [name, shape as readonly number[]] as const);
    return new MutantPredictor(session, new Map(shapes), weights, output);
  }

  /**
   * @param feeds values of the inputs by name (more names than needed do no harm)
   * @returns the output, a row for each mutant
   */
  async run(feeds: Readonly<Record<string, Float32Array>>): Promise<Float32Array> {
    const values: Record<string, TensorValue> = { ...this.weights };
    for (const [name, shape] of this.inputs)
      values[name] = { data: checkFeed(name, shape, feeds[name]), shape };
    const { [this.output]: result } = await this.session.run(values, [this.output]);
    if (result === undefined)
      throw new BindscapeError({ source: "model", found: `no output "${this.output}"` });
    return result.data;
  }

  release(): Promise<void> {
    return this.session.release();
  }
}

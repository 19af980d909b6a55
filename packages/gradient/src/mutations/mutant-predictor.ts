import { BindscapeError } from "@bindscape/numerics";
import { buildGraph, checkFeed, chooseOutputs, type ParameterValues, requiredValues } from "../model.js";
import { emitModel, leavesOf } from "../onnx/emit-model.js";
import type { Runtime, Session, TensorValue } from "../runtime.js";
import type { MutationNetwork } from "./follow-mutations.js";

/** Runs a {@link MutationNetwork} for one window after another. */
export class MutantPredictor {
  private constructor(
    readonly session: Session,
    readonly inputs: ReadonlyMap<string, readonly number[]>,
    readonly output: string,
  ) {}

  /** @param output the output to compute */
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
    const { graph, model } = buildGraph(network.build, network.mutants, "inference", runtime.traits);
    const outputs = chooseOutputs(model, [output]);
    const leaves = leavesOf([...outputs.values()]);
    const stored = new Map(
      [...graph.parameters]
        .filter(([, tensor]) => leaves.has(tensor))
        .map(([name, tensor]) => [name, { tensor, values: requiredValues(name, tensor, parameters) }]),
    );
    const inputs = new Map([...graph.inputs].filter(([, tensor]) => leaves.has(tensor)));
    const session = await runtime.createSession(
      emitModel({ graphName: "mutants", inputs, stored, outputs }),
      options,
    );
    const shapes = [...inputs].map(([name, { shape }]) => [name, shape as readonly number[]] as const);
    return new MutantPredictor(session, new Map(shapes), output);
  }

  /**
   * @param feeds values of the inputs by name (more names than needed do no harm)
   * @returns the output, a row for each mutant
   */
  async run(feeds: Readonly<Record<string, Float32Array>>): Promise<Float32Array> {
    const values: Record<string, TensorValue> = {};
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

import { BindscapeError } from "@bindscape/numerics";
import { Graph, type Node, type Tensor } from "../graph.js";
import { type Build, chooseOutputs } from "../model.js";
import { leavesOf } from "../onnx/emit-model.js";
import { add, multiply, subtract } from "../operators/arithmetic.js";
import { reduceSum } from "../operators/reduce.js";
import type { DeviceTraits } from "../runtime.js";
import { propagateParts } from "./linear-rules.js";
import { addMultipliers, type Multipliers, mergeBySign, single } from "./multipliers.js";
import { kindOf } from "./node-kinds.js";
import { nonlinearRules } from "./nonlinear-rules.js";
import { PairedNetwork, REFERENCE_PREFIX } from "./paired-network.js";
import type { ReferenceRows } from "./paired-rows.js";
import { isBehindDense, spreadOf } from "./positive-parts.js";
import { slopeBetween } from "./slopes.js";

/**
 * How functions of single entries are gone through (Shrikumar et al. 2017, section 3.5).
 * - `rescale`: all of an entry's difference gets the same multiplier, the slope of the secant
 * - `reveal-cancel`: its positive and negative parts get their own, each the mean of adding it first and adding it last
 * - `reveal-cancel-dense`: reveal-cancel right behind dense layers, rescale elsewhere (the default of the authors' own
 *   program for sequences, and what AgentBind used)
 *
 * Gates of recurrent layers and softmaxes are rescaled under all three.
 */
export type DeepLiftRule = "rescale" | "reveal-cancel" | "reveal-cancel-dense";

export const deepLiftRules: readonly DeepLiftRule[] = ["rescale", "reveal-cancel", "reveal-cancel-dense"];

export interface DeepLiftForm extends ReferenceRows {
  /** The output whose difference from its reference is split; of several columns, their sum. */
  readonly of: string;
  /** The inputs it is split over. */
  readonly inputs: readonly string[];
  readonly rule: DeepLiftRule;
  /** Other outputs to compute for the sequences. */
  readonly outputs?: readonly string[];
}

export interface DeepLiftGraph {
  readonly graph: Graph;
  /**
   * "multiplier.NAME" for each input, N R rows (a sequence's references one after another); "score" [N] and
   * "referenceScore" [N R], or [R] where references are shared; and the other outputs asked for.
   */
  readonly outputs: ReadonlyMap<string, Tensor>;
}

/**
 * Writes a network's DeepLIFT multipliers as a graph: activations for sequences and for references side by side, then one
 * pass back. Inputs: those of the network, and "reference.NAME" for each.
 * @throws BindscapeError where a layer has no rule (it names the layer), or the output depends on no such input
 */
export function deepLiftGraph(build: Build, form: DeepLiftForm, traits?: DeviceTraits): DeepLiftGraph {
  const keepsOrder = form.rule === "reveal-cancel";
  const graph = new Graph({ batch: "free", phase: "inference", traits, keepsOrder });
  const model = build(graph);
  const of = chooseOutputs(model, [form.of]).get(form.of)!;
  const network = new PairedNetwork([of], form);
  const inputs = form.inputs.map((name) => graph.inputs.get(name));
  const found = propagate(network, of, inputs, form.rule);
  const outputs = new Map<string, Tensor>(chooseOutputs(model, form.outputs ?? []));
  form.inputs.forEach((name, i) => {
    const multipliers = found[i];
    if (multipliers === null) {
      throw new BindscapeError({
        source: "DeepLIFT",
        found: `the output "${form.of}" does not depend on an input "${name}"`,
        expected: `inputs among ${[...graph.inputs.keys()].filter((input) => !input.startsWith(REFERENCE_PREFIX)).join(", ")}`,
      });
    }
    outputs.set(`multiplier.${name}`, multipliers);
  });
  outputs.set("score", sumOfColumns(of));
  outputs.set("referenceScore", sumOfColumns(network.ofReferences(of)));
  for (const leaf of leavesOf([...outputs.values()])) {
    if (leaf.source?.kind === "input" && graph.inputs.get(leaf.source.name) !== leaf)
      throw new Error("a rule reads values of pairs that nothing computes");
  }
  return { graph, outputs };
}

function sumOfColumns(of: Tensor): Tensor {
  const axes = of.shape.map((_, axis) => axis).slice(1);
  // A result of its own, so that the output it may be keeps its name.
  return multiply(reduceSum(of, axes), 1);
}

/** One pass back from `of`; null for inputs that it does not depend on. */
function propagate(
  network: PairedNetwork,
  of: Tensor,
  inputs: readonly (Tensor | undefined)[],
  rule: DeepLiftRule,
): (Tensor | null)[] {
  const wanted = new Set<Tensor>(inputs.filter((input) => input !== undefined));
  for (const node of network.nodes)
    if (node.inputs.some((input) => wanted.has(input))) for (const output of node.outputs) wanted.add(output);
  const gathered = new Map<Tensor, Multipliers>();
  if (wanted.has(of)) gathered.set(of, single(onesFor(network, of)));
  for (const node of [...network.nodes].reverse()) {
    if (!node.outputs.some((output) => gathered.has(output) && wanted.has(output))) continue;
    of.graph.context = `DeepLIFT of ${node.label}`;
    try {
      const targets = [...new Set(node.inputs.filter((input) => wanted.has(input)))];
      const outputs = node.outputs.map((output) => gathered.get(output) ?? null);
      applyRule(network, node, outputs, targets, rule).forEach((multipliers, i) => {
        const known = gathered.get(targets[i]);
        gathered.set(targets[i], known ? addMultipliers(known, multipliers) : multipliers);
      });
    } finally {
      of.graph.context = null;
    }
  }
  return inputs.map((input) => {
    const multipliers = input && gathered.get(input);
    return multipliers ? mergeBySign(multipliers, () => network.difference(input)) : null;
  });
}

/** One for every pair. */
function onesFor(network: PairedNetwork, of: Tensor): Tensor {
  const zero = multiply(network.difference(of), 0);
  return add(zero, 1);
}

/** What a node hands back to `targets`, which are among its inputs. */
function applyRule(
  network: PairedNetwork,
  node: Node,
  outputs: readonly (Multipliers | null)[],
  targets: readonly Tensor[],
  rule: DeepLiftRule,
): Multipliers[] {
  const kind = kindOf(node, network);
  if (kind === "pointwise") return [pointwise(network, node, outputs[0]!, rule)];
  const { name } = node.operator;
  if (kind !== "other" || affineOperators.has(name))
    return propagateParts(network, node, kind, outputs, targets);
  if (!Object.hasOwn(nonlinearRules, name)) {
    throw new BindscapeError({
      source: `layer "${node.label}" (${name})`,
      found: "a layer that DeepLIFT has no rule for",
      expected: "layers with a rule",
      next: "Explain it by in-silico mutagenesis or integrated gradients, which need none",
    });
  }
  const merged = outputs.map(
    (output, i) => output && mergeBySign(output, () => network.difference(node.outputs[i])),
  );
  const handed = nonlinearRules[name](network, node, merged);
  return targets.map((target) => {
    const shares = handed.filter((share, i) => node.inputs[i] === target && share !== null) as Tensor[];
    return single(shares.reduce((a, b) => add(a, b)));
  });
}

/** Of what these do to some inputs only the parts are not followed. */
const affineOperators = new Set(["add", "subtract", "concatenate", "padZeros"]);

/** One function of each entry: the slope of its secant, or for each part the mean of two slopes (section 3.5.3). */
function pointwise(
  network: PairedNetwork,
  node: Node,
  outputs: Multipliers,
  rule: DeepLiftRule,
): Multipliers {
  const [x] = node.inputs;
  const [y] = node.outputs;
  const output = mergeBySign(outputs, () => network.difference(y));
  const reveals = rule === "reveal-cancel" || (rule === "reveal-cancel-dense" && isBehindDense(network, x));
  if (!reveals) {
    const slope = network.combine([x, y], ([a, ofA], [b, ofB]) =>
      slopeBetween(node, { x: a, y: ofA }, { x: b, y: ofB }),
    );
    return single(multiply(output, slope));
  }
  const difference = network.difference(x);
  const spread = spreadOf(network, x);
  const [plus, minus] = [add(difference, spread), subtract(difference, spread)].map((twice) =>
    multiply(twice, 0.5),
  );
  // The reference, as often as there are pairs.
  const start = network.combine([x], ([a], [b]) => add(b, multiply(a, 0)));
  const places = [start, add(start, plus), add(start, minus), add(add(start, plus), minus)];
  const slope = (from: number, to: number) => slopeBetween(node, { x: places[to] }, { x: places[from] });
  return {
    plus: multiply(output, multiply(add(slope(0, 1), slope(2, 3)), 0.5)),
    minus: multiply(output, multiply(add(slope(0, 2), slope(1, 3)), 0.5)),
  };
}

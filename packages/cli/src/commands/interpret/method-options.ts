import { existsSync } from "node:fs";
import { withSource } from "@bindscape/genome";
import { deepLiftRules } from "@bindscape/gradient";
import {
  type ExplainedModel,
  type MethodOptions,
  type References,
  readReferences,
} from "@bindscape/interpret";
import { BindscapeError } from "@bindscape/numerics";
import { type Command, Option } from "commander";
import { parseThreads as parseCount, parseWholeNumber } from "../shared-options.js";

/** Options of `bindscape interpret` that tell a method what to do. */
export interface MethodFlags {
  readonly method: string;
  readonly of: "logit" | "probability";
  readonly reference?: string;
  readonly references?: number;
  readonly rule?: (typeof deepLiftRules)[number];
  readonly steps?: number;
  readonly path?: "gauss-legendre" | "riemann";
  readonly layer?: string;
  readonly normalise: boolean;
  readonly seed: number;
  readonly batchSize?: number;
}

/** Which methods an option concerns. */
const concerns: Readonly<Record<string, readonly string[]>> = {
  reference: ["deeplift", "integrated-gradients"],
  references: ["deeplift", "integrated-gradients"],
  rule: ["deeplift"],
  steps: ["integrated-gradients"],
  path: ["integrated-gradients"],
  layer: ["grad-cam", "grad-cam-saliency"],
};

export function addMethodOptions(command: Command): void {
  const heading = "Methods:";
  const add = (option: Option) => command.addOption(option.helpGroup(heading));
  add(
    new Option("--of <what>", "explain the logit, which does not saturate, or the probability")
      .choices(["logit", "probability"])
      .default("logit"),
  );
  add(
    new Option(
      "--reference <what>",
      "deeplift, integrated-gradients: zeros, uniform (a quarter of each base), shuffled (the sequence's own dinucleotides), or a FILE of reference sequences (FASTA, npz) (default: shuffled)",
    ),
  );
  add(
    new Option("--references <number>", "shuffled references of each sequence (default: 10)").argParser(
      parseCount,
    ),
  );
  add(
    new Option(
      "--rule <name>",
      "deeplift: rescale, reveal-cancel, or reveal-cancel on dense layers and rescale on convolutions (default: reveal-cancel-dense, the paper's)",
    ).choices([...deepLiftRules]),
  );
  add(
    new Option(
      "--steps <number>",
      "integrated-gradients: points between reference and sequence (default: 32)",
    ).argParser(parseCount),
  );
  add(
    new Option(
      "--path <rule>",
      "integrated-gradients: points and weights of Gauss and Legendre, or evenly spaced (default: gauss-legendre)",
    ).choices(["gauss-legendre", "riemann"]),
  );
  add(
    new Option(
      "--layer <name>",
      "grad-cam, grad-cam-saliency: the convolution to look at (default: the first)",
    ),
  );
  add(
    new Option(
      "--no-normalise",
      "grad-cam-saliency: leave out dividing each sequence's scores by the sum of their sizes",
    ),
  );
  add(new Option("--seed <number>", "seed of the shuffles").argParser(parseWholeNumber).default(0));
  add(
    new Option(
      "--batch-size <number>",
      "most sequences at a time (default: by the size of the network)",
    ).argParser(parseCount),
  );
}

/**
 * What the command line says of a method.
 * @throws BindscapeError for options of another method, or references that are none of the known ones and no file
 */
export async function readMethodOptions(
  given: MethodFlags,
  model: ExplainedModel,
): Promise<Omit<MethodOptions, "runtime">> {
  for (const [name, methods] of Object.entries(concerns)) {
    if (given[name as keyof MethodFlags] === undefined || methods.includes(given.method)) continue;
    throw new BindscapeError({
      found: `--${name} with --method ${given.method}`,
      expected: `--${name} with --method ${methods.join(" or ")} alone`,
      next: `Leave --${name} out`,
    });
  }
  const { of, rule, steps, path, layer, normalise, batchSize } = given;
  return {
    of,
    rule,
    steps,
    path,
    layer,
    normalise,
    batchSize,
    references: await chooseReferences(given, model),
  };
}

async function chooseReferences(
  { reference, references: count, seed, method }: MethodFlags,
  model: ExplainedModel,
): Promise<References | undefined> {
  if (!concerns.reference.includes(method)) return undefined;
  if (reference === undefined || reference === "shuffled") return { kind: "shuffled", count, seed };
  if (count !== undefined) {
    throw new BindscapeError({
      found: `--references ${count} with --reference ${reference}`,
      expected: "--references with --reference shuffled alone",
    });
  }
  if (reference === "zeros" || reference === "uniform") return { kind: reference };
  if (!existsSync(reference)) {
    throw new BindscapeError({
      source: reference,
      found: "no such file",
      expected: "zeros, uniform, shuffled, or a file of references (FASTA, npz, npy)",
    });
  }
  return withSource(reference, (source) => readReferences(source, model.unknownBase));
}

import type { OperatorCase } from "./operator-case.js";
import { activationCases } from "./operator-cases/activations.js";
import { arithmeticCases } from "./operator-cases/arithmetic.js";
import { attentionCases } from "./operator-cases/attention.js";
import { convolutionCases } from "./operator-cases/convolution.js";
import { linearCases } from "./operator-cases/linear.js";
import { lossCases } from "./operator-cases/losses.js";
import { moreLossCases } from "./operator-cases/more-losses.js";
import { normalisationCases } from "./operator-cases/normalisation.js";
import { poolingCases } from "./operator-cases/pooling.js";
import { probabilityCases } from "./operator-cases/probability.js";
import { recurrentCases } from "./operator-cases/recurrent.js";
import { shapeCases } from "./operator-cases/shape.js";
import { strandCases } from "./operator-cases/strands.js";

/**
 * Every operator and layer in small: the one list that the tests of all devices go through and that OPERATORS.md is
 * made from. A new operator brings its cases in a file under `operator-cases/`, listed here.
 *
 * A device's test needs no more than
 *
 *     for (const test of operatorCases) await runPreparedCase(runtime, prepareCase(test));
 *
 * where `runtime` is that device's `Runtime`. `prepareCase` makes an ONNX model of the output and all gradients with
 * drawn inputs and float64 results; `runPreparedCase` throws where they differ by more than the case's tolerance and
 * otherwise returns the error, which `operator-results.ts` stores for the table. Neither needs Node: a page can do the
 * same, or be given the prepared cases.
 */
export const operatorCases: readonly OperatorCase[] = [
  ...arithmeticCases,
  ...activationCases,
  ...linearCases,
  ...convolutionCases,
  ...poolingCases,
  ...normalisationCases,
  ...recurrentCases,
  ...attentionCases,
  ...shapeCases,
  ...strandCases,
  ...lossCases,
  ...moreLossCases,
  ...probabilityCases,
];

import * as g from "../../src/index.js";
import { distinct } from "../draws.js";
import type { OperatorCase } from "../operator-case.js";

export const strandCases: readonly OperatorCase[] = [
  {
    operator: "reverseComplement",
    shapes: [[2, 5, 4]],
    build: (x) => g.reverseComplement(x, [3, 2, 1, 0, 4]),
  },
  { operator: "bothStrands", shapes: [[2, 5, 4]], build: (x) => g.bothStrands(x, [3, 2, 1, 0, 4]) },
  {
    operator: "strandConvolution1d",
    shapes: [[2, 6, 9], [3, 6, 4], [3]],
    build: (x, kernel, bias) => g.strandConvolution1d(x, kernel, bias, [3, 2, 1, 0, 5, 4]),
  },
  { operator: "alignStrands", shapes: [[4, 3, 5]], build: g.alignStrands },
  { operator: "meanOverStrands", shapes: [[4, 3]], build: g.meanOverStrands },
  { operator: "maxOverStrands", shapes: [[4, 3]], build: g.maxOverStrands, draw: distinct },
  { operator: "repeatForStrands", shapes: [[2, 3]], build: g.repeatForStrands },
];

import type { DanQOptions } from "../src/architectures/danq/options.js";
import type { DeepSeaOptions } from "../src/architectures/deepsea/options.js";
import { naiveLstm, sigmoid } from "./naive-factornet.js";

/** Arrays of a window: [channels][positions]. */
type Rows = number[][];
type Parameters = ReadonlyMap<string, Float32Array>;

/** Logits of windows by DeepSEA, written down a second time, one window after another, in loops and float64. */
export function naiveDeepSea(
  options: DeepSeaOptions,
  tasks: number,
  parameters: Parameters,
  window: Rows,
): number[] {
  const normalise = (rows: Rows, name: string): Rows =>
    options.batchNormalisation
      ? rows.map((row, c) => {
          const get = (part: string) => parameters.get(`${name}.${part}`)![c];
          const factor = get("scale") / Math.sqrt(get("runningVariance") + 0.001);
          return row.map((value) => (value - get("runningMean")) * factor + get("offset"));
        })
      : rows;
  const block = (rows: Rows, index: number) =>
    relu(
      normalise(
        convolve(
          rows,
          parameters,
          `convolution${index}`,
          options.padding,
          index === 1 ? options.baseOrder : null,
        ),
        `normalisation${index}`,
      ),
    );
  let rows = pool(block(window, 1), options.poolWidth);
  rows = pool(block(rows, 2), options.poolWidth);
  rows = block(rows, 3);
  const hidden = full(rows.flat(), parameters, "dense", options.dense).map((value) => [value]);
  return full(relu(normalise(hidden, "denseNormalisation")).flat(), parameters, "output", tasks);
}

/** Logits of one window by DanQ. */
export function naiveDanQ(
  options: DanQOptions,
  tasks: number,
  parameters: Parameters,
  window: Rows,
): number[] {
  const pooled = pool(
    relu(convolve(window, parameters, "convolution", options.padding, options.baseOrder)),
    options.poolWidth,
  );
  let steps = pooled[0].map((_, p) => pooled.map((row) => row[p]));
  if (options.recurrent > 0) {
    const lstm = { recurrent: options.recurrent, gates: "sigmoid" } as const;
    const forward = naiveLstm(lstm, parameters, steps, 0);
    const backward = naiveLstm(lstm, parameters, [...steps].reverse(), 1).reverse();
    steps = forward.map((hidden, i) => [...hidden, ...backward[i]]);
  }
  const hidden = full(steps.flat(), parameters, "dense", options.dense).map((value) => Math.max(0, value));
  return full(hidden, parameters, "output", tasks);
}

export { sigmoid };

function convolve(
  rows: Rows,
  parameters: Parameters,
  name: string,
  padding: "valid" | "same",
  baseOrder: string | null,
): Rows {
  const kernel = parameters.get(`${name}.kernel`)!;
  const bias = parameters.get(`${name}.bias`)!;
  const width = kernel.length / bias.length / rows.length;
  const length = rows[0].length;
  const before = padding === "same" ? Math.floor((width - 1) / 2) : 0;
  const positions = padding === "same" ? length : length - width + 1;
  // Channel c of the kernel is the base that the order has there.
  const rowOf = (c: number) => (baseOrder !== null && c < 4 ? "ACGT".indexOf(baseOrder[c]) : c);
  return Array.from(bias, (offset, k) =>
    Array.from({ length: positions }, (_, p) => {
      let sum = offset;
      for (let c = 0; c < rows.length; c++) {
        for (let w = 0; w < width; w++) {
          const at = p + w - before;
          if (at >= 0 && at < length) sum += kernel[(k * rows.length + c) * width + w] * rows[rowOf(c)][at];
        }
      }
      return sum;
    }),
  );
}

function relu(rows: Rows): Rows {
  return rows.map((row) => row.map((value) => Math.max(0, value)));
}

function pool(rows: Rows, width: number): Rows {
  const count = Math.floor(rows[0].length / width);
  return rows.map((row) =>
    Array.from({ length: count }, (_, i) => Math.max(...row.slice(i * width, (i + 1) * width))),
  );
}

function full(input: number[], parameters: Parameters, name: string, outputs: number): number[] {
  const kernel = parameters.get(`${name}.kernel`)!;
  const bias = parameters.get(`${name}.bias`)!;
  return Array.from({ length: outputs }, (_, o) =>
    input.reduce((sum, value, i) => sum + value * kernel[i * outputs + o], bias[o]),
  );
}

import type { FactorNetOptions } from "../src/architectures/factornet/options.js";

/** Arrays of a window: [channels][positions]. */
type Rows = number[][];

/** FactorNet written down a second time, one window after another, in loops and float64. */
export function naiveFactorNet(
  options: FactorNetOptions,
  tracks: readonly string[],
  tasks: number,
  parameters: ReadonlyMap<string, Float32Array>,
  windows: Float32Array,
  features: Float32Array | null,
): number[] {
  const channels = (options.sequence ? 4 : 0) + tracks.length;
  const size = channels * options.windowLength;
  const out: number[] = [];
  for (let window = 0; window * size < windows.length; window++) {
    const forward: Rows = Array.from({ length: channels }, (_, c) => [
      ...windows.subarray(
        window * size + c * options.windowLength,
        window * size + (c + 1) * options.windowLength,
      ),
    ]);
    const width = features === null ? 0 : features.length / (windows.length / size);
    const raw = features === null ? null : [...features.subarray(window * width, (window + 1) * width)];
    const [a, b] = [forward, turn(forward, tracks)].map((strand) =>
      naiveStrand(options, tasks, parameters, strand, raw),
    );
    for (let task = 0; task < tasks; task++) out.push((sigmoid(a[task]) + sigmoid(b[task])) / 2);
  }
  return out;
}

/** The reverse complement of a window's channels, bases first where it has them; tracks of the two strands swapped. */
export function turn(window: Rows, tracks: readonly string[]): Rows {
  const turned = window.map((row) => [...row].reverse());
  const bases = window.length - tracks.length;
  const complement = bases === 4 ? [turned[3], turned[2], turned[1], turned[0]] : [];
  const signal = tracks.map((name) => {
    const other = name.endsWith("_fwd") ? name.replace(/_fwd$/, "_rev") : name.replace(/_rev$/, "_fwd");
    return turned[bases + (tracks.includes(other) ? tracks.indexOf(other) : tracks.indexOf(name))];
  });
  return [...complement, ...signal];
}

function naiveStrand(
  options: FactorNetOptions,
  tasks: number,
  parameters: ReadonlyMap<string, Float32Array>,
  window: Rows,
  raw: number[] | null,
): number[] {
  const get = (name: string) => parameters.get(name)!;
  const { kernels, kernelWidth, windowLength } = options;
  const positions = windowLength - kernelWidth + 1;
  const convolution = get("convolution.kernel");
  const mixed: Rows = Array.from({ length: kernels }, () => []);
  for (let p = 0; p < positions; p++) {
    const active: number[] = [];
    for (let k = 0; k < kernels; k++) {
      let sum = get("convolution.bias")[k];
      window.forEach((row, c) => {
        for (let w = 0; w < kernelWidth; w++) {
          sum += convolution[(k * window.length + c) * kernelWidth + w] * row[p + w];
        }
      });
      active.push(Math.max(0, sum));
    }
    for (let k = 0; k < kernels; k++) {
      let sum = get("position.bias")[k];
      for (let j = 0; j < kernels; j++) sum += get("position.kernel")[k * kernels + j] * active[j];
      mixed[k].push(Math.max(0, sum));
    }
  }
  const pool = options.poolWidth ?? Math.floor(kernelWidth / 2);
  let steps: Rows = [];
  if (options.globalPool) steps = [mixed.map((row) => Math.max(...row))];
  else
    for (let start = 0; start + pool <= positions; start += pool) {
      steps.push(mixed.map((row) => Math.max(...row.slice(start, start + pool))));
    }
  if (options.recurrent > 0 && !options.globalPool) {
    const forward = naiveLstm(options, parameters, steps, 0);
    const backward = naiveLstm(options, parameters, [...steps].reverse(), 1).reverse();
    steps = forward.map((hidden, i) => [...hidden, ...backward[i]]);
  }
  const full = (input: number[], layer: string, outputs: number) =>
    Array.from({ length: outputs }, (_, o) =>
      input.reduce(
        (sum, value, i) => sum + value * get(`${layer}.kernel`)[i * outputs + o],
        get(`${layer}.bias`)[o],
      ),
    );
  const relu = (values: number[]) => values.map((value) => Math.max(0, value));
  let top = relu(full(steps.flat(), "dense", options.dense));
  const scaled = raw?.map((value, f) => (value - get("features.mean")[f]) * get("features.inverseScale")[f]);
  if (scaled) top = relu(full([...top, ...scaled], "merge", options.mergeDense ?? options.dense));
  const logits = full(top, "output", tasks);
  if (!scaled || !options.linearFeatures) return logits;
  const linear = full([...scaled, ...scaled.map((value) => value * value)], "linear", tasks);
  return logits.map((logit, task) => logit + linear[task]);
}

/** One direction of the LSTM; gates stand in the order input, output, forget, cell. */
export function naiveLstm(
  options: Pick<FactorNetOptions, "recurrent" | "gates">,
  parameters: ReadonlyMap<string, Float32Array>,
  steps: Rows,
  direction: number,
): Rows {
  const units = options.recurrent;
  const inputs = steps[0].length;
  const gate = options.gates === "sigmoid" ? sigmoid : (x: number) => Math.min(1, Math.max(0, 0.2 * x + 0.5));
  const value = (kind: string, row: number, column: number, columns: number) =>
    parameters.get(`recurrent.${kind}`)![(direction * 4 * units + row) * columns + column];
  let hidden = new Array<number>(units).fill(0);
  let cell = new Array<number>(units).fill(0);
  return steps.map((x) => {
    const before = (row: number) => {
      let sum = value("bias", row, 0, 1);
      for (let i = 0; i < inputs; i++) sum += value("inputKernel", row, i, inputs) * x[i];
      for (let h = 0; h < units; h++) sum += value("recurrentKernel", row, h, units) * hidden[h];
      return sum;
    };
    const gates = [0, 1, 2, 3].map((g) => Array.from({ length: units }, (_, u) => before(g * units + u)));
    cell = cell.map((old, u) => gate(gates[2][u]) * old + gate(gates[0][u]) * Math.tanh(gates[3][u]));
    hidden = cell.map((c, u) => gate(gates[1][u]) * Math.tanh(c));
    return hidden;
  });
}

export function sigmoid(x: number): number {
  return 1 / (1 + Math.exp(-x));
}

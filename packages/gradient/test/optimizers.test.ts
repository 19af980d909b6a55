import { readFileSync } from "node:fs";
import { Random } from "@bindscape/numerics";
import { describe, expect, it } from "vitest";
import { adadelta } from "../src/optimizers/adadelta.js";
import { adam, adamW } from "../src/optimizers/adam.js";
import {
  averageSlot,
  clipValues,
  exponentialAverage,
  stochasticWeightAverage,
} from "../src/optimizers/decorators.js";
import type { Algebra, Optimizer } from "../src/optimizers/optimizer.js";
import { rmsprop } from "../src/optimizers/rmsprop.js";
import { sgd } from "../src/optimizers/sgd.js";
import { fitsMemory, ParameterMemory, paddedLength } from "../src/wasm/parameter-memory.js";

// Written by bench/peers/optimizer_facts.py.
const facts: {
  a: number[];
  b: number[];
  start: number[];
  paths: Record<string, { rate: number; path: number[][]; averages?: number[][] }>;
} = JSON.parse(readFileSync(new URL("./fixtures/optimizers.json", import.meta.url), "utf8"));

const float64: Algebra<number> = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
  sqrt: Math.sqrt,
  maximum: Math.max,
  minimum: Math.min,
};
const f = Math.fround;
/** Every operation rounded to float32, as a processor does it. */
const float32: Algebra<number> = {
  add: (a, b) => f(f(a) + f(b)),
  subtract: (a, b) => f(f(a) - f(b)),
  multiply: (a, b) => f(f(a) * f(b)),
  divide: (a, b) => f(f(a) / f(b)),
  sqrt: (a) => f(Math.sqrt(f(a))),
  maximum: (a, b) => Math.max(f(a), f(b)),
  minimum: (a, b) => Math.min(f(a), f(b)),
};

const keras = { epsilonAddedTo: "plain" } as const;
const optimizers: Record<string, Optimizer> = {
  sgd: sgd(),
  "sgd, momentum": sgd({ momentum: 0.9, weightDecay: 0.01 }),
  "sgd, Nesterov": sgd({ momentum: 0.9, nesterov: true }),
  "sgd, momentum, Keras": sgd({ momentum: 0.9, momentumOf: "moves" }),
  "sgd, Nesterov, Keras": sgd({ momentum: 0.9, nesterov: true, momentumOf: "moves" }),
  rmsprop: rmsprop({ decay: 0.9, epsilon: 1e-3 }),
  "rmsprop, momentum": rmsprop({ momentum: 0.5, weightDecay: 0.02 }),
  "rmsprop, Keras": rmsprop({ decay: 0.9, epsilon: 1e-3, epsilonAddedTo: "square" }),
  "rmsprop, momentum, Keras": rmsprop({
    decay: 0.9,
    epsilon: 1e-7,
    momentum: 0.5,
    momentumOf: "moves",
    epsilonAddedTo: "square",
  }),
  adadelta: adadelta({ decay: 0.95, epsilon: 1e-3, weightDecay: 0.01 }),
  "adadelta, Keras": adadelta({ decay: 0.95, epsilon: 1e-7 }),
  adam: adam({ epsilon: 1e-3, weightDecay: 0.05 }),
  "adam, Keras": adam({ epsilon: 1e-3, ...keras }),
  adamW: adamW({ weightDecay: 0.1 }),
  "adamW, Keras": adamW({ weightDecay: 0.1, epsilon: 1e-3, ...keras }),
  "adam, clipped values": clipValues(adam(), 0.3),
  "sgd, clipped norm": sgd(),
  "sgd, mean of weights": stochasticWeightAverage(sgd(), { from: 1 }),
};
const normLimits: Record<string, number> = { "sgd, clipped norm": 0.5 };

/** Walks down sum((a w - b)^2) / 2 number by number; after each step `visit` gets the weights and all slots. */
function walk(
  algebra: Algebra<number>,
  name: string,
  visit: (step: number, weights: number[], slots: number[][]) => void,
) {
  const optimizer = optimizers[name];
  const { rate } = facts.paths[name];
  let weights = facts.start.slice();
  let slots = weights.map(() => optimizer.slots.map(() => 0));
  for (let step = 1; step <= 10; step++) {
    const scalars = optimizer.scalarValues(step, rate * 0.9 ** (step - 1));
    let gradients = weights.map((w, i) => facts.a[i] * (facts.a[i] * w - facts.b[i]));
    const norm = Math.hypot(...gradients);
    // PyTorch adds 1e-6 to the norm.
    const factor = Math.min(1, (normLimits[name] ?? Number.POSITIVE_INFINITY) / (norm + 1e-6));
    gradients = gradients.map((gradient) => gradient * factor);
    const results = weights.map((parameter, i) =>
      optimizer.update(algebra, { parameter, gradient: gradients[i], slots: slots[i], scalars }),
    );
    weights = results.map((result) => result.parameter);
    slots = results.map((result) => result.slots.slice());
    visit(step, weights, slots);
  }
}

describe("ten steps of PyTorch and Keras", () => {
  it("are all here", () => {
    expect(Object.keys(optimizers).sort()).toEqual(Object.keys(facts.paths).sort());
  });
  it.each(Object.keys(optimizers))("%s", (name) => {
    const { path, averages } = facts.paths[name];
    walk(float64, name, (step, weights, slots) => {
      weights.forEach((weight, i) => {
        expect(Math.abs(weight - path[step - 1][i]), `step ${step}, weight ${i}`).toBeLessThan(1e-11);
      });
      averages?.[step - 1].forEach((average, i) => {
        expect(Math.abs(slots[i].at(-1)! - average), `step ${step}, average ${i}`).toBeLessThan(1e-11);
      });
    });
    walk(float32, name, (step, weights) => {
      weights.forEach((weight, i) => {
        expect(Math.abs(weight - path[step - 1][i]), `step ${step}, weight ${i}`).toBeLessThan(5e-6);
      });
    });
  });
});

describe("the WebAssembly loops", () => {
  const length = 64;
  const all: Record<string, Optimizer> = {
    ...optimizers,
    average: exponentialAverage(adam(), { decay: 0.9 }),
  };
  it.each(Object.keys(all))("%s: the bits of the same float32 operations", (name) => {
    const optimizer = all[name];
    const random = new Random(name);
    const memory = new ParameterMemory(optimizer, ["parameters", "gradients", ...optimizer.slots], length);
    const parameters = memory.vectors.get("parameters")!;
    const gradients = memory.vectors.get("gradients")!;
    const slots = optimizer.slots.map((slot) => memory.vectors.get(slot)!);
    for (let i = 0; i < length; i++) parameters[i] = random.normal();
    for (let step = 1; step <= 5; step++) {
      for (let i = 0; i < length; i++) gradients[i] = i % 7 === 0 ? 0 : random.normal();
      const scalars = optimizer.scalarValues(step, 0.01);
      const scale = f(0.37);
      const expected = [...parameters].map((parameter, i) =>
        optimizer.update(float32, {
          parameter,
          gradient: f(gradients[i] * scale),
          slots: slots.map((slot) => slot[i]),
          scalars,
        }),
      );
      // In two pieces, as groups of parameters with scalars of their own are done.
      for (const range of [
        { start: 0, end: 16 },
        { start: 16, end: length },
      ]) {
        expect(memory.update(range, scale, "gradients", scalars)).toBe(0);
      }
      expect([...parameters]).toEqual(expected.map((result) => result.parameter));
      slots.forEach((slot, k) => {
        expect([...slot]).toEqual(expected.map((result) => result.slots[k]));
      });
    }
  });

  it("notice gradients that are no finite numbers, anywhere", () => {
    const memory = new ParameterMemory(clipValues(sgd(), 1), ["parameters", "gradients"], length);
    const gradients = memory.vectors.get("gradients")!;
    const range = { start: 0, end: length };
    for (let i = 0; i < length; i++) {
      for (const bad of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
        gradients[i] = bad;
        expect(memory.update(range, 1, "gradients", [0.1])).toBeNaN();
      }
      gradients[i] = 3e38;
      expect(memory.update(range, 1, "gradients", [0.1])).toBe(0);
    }
  });

  it("keep no denormal moments", () => {
    const memory = new ParameterMemory(adam(), ["parameters", "gradients", "adam.first", "adam.second"], 16);
    memory.vectors.get("adam.first")!.set([1.2e-38, 1.4e-38, -1.2e-38, -1.4e-38]);
    memory.update({ start: 0, end: 16 }, 1, "gradients", [0.1, 1e-8]);
    const kept = f(f(1.4e-38) * f(0.9));
    expect([...memory.vectors.get("adam.first")!.subarray(0, 4)]).toEqual([0, kept, 0, -kept]);
  });

  it("address at most 4 GiB, in vectors of whole turns", () => {
    expect([0, 1, 16, 17].map(paddedLength)).toEqual([0, 16, 16, 32]);
    expect(fitsMemory(4 * 52_000_000)).toBe(true);
    expect(fitsMemory(2 ** 30)).toBe(false);
    expect(() => new ParameterMemory(sgd(), ["parameters", "gradients"], 2 ** 29)).toThrow(
      "4.30 GB of memory that cannot be had",
    );
  });

  it("add and sum squares", () => {
    const memory = new ParameterMemory(sgd(), ["parameters", "gradients"], length);
    const parameters = memory.vectors.get("parameters")!;
    const gradients = memory.vectors.get("gradients")!;
    for (let i = 0; i < length; i++) {
      parameters[i] = i;
      gradients[i] = i * i;
    }
    memory.addScaled({ start: 16, end: 48 }, 0.5, "parameters", "gradients");
    expect([...parameters]).toEqual(
      Array.from({ length }, (_, i) => (i >= 16 && i < 48 ? i + 0.5 * i * i : i)),
    );
    // 0^4 + 1^4 + ... + 63^4 in float64, exactly.
    const sum = Array.from({ length }, (_, i) => i ** 4).reduce((a, b) => a + b);
    expect(memory.sumSquares({ start: 0, end: length }, "gradients")).toBe(sum);
  });
});

describe("averages", () => {
  it("the exponential average starts at the first weights and forgets as told", () => {
    const optimizer = exponentialAverage(sgd(), { decay: 0.75 });
    expect(optimizer.slots).toEqual([averageSlot]);
    let [weight, average, expected] = [2, 0, 2];
    for (let step = 1; step <= 4; step++) {
      const scalars = optimizer.scalarValues(step, 0.5);
      const next = optimizer.update(float64, { parameter: weight, gradient: 1, slots: [average], scalars });
      weight = next.parameter;
      average = next.slots[0];
      expected = 0.75 * expected + 0.25 * weight;
      expect(average).toBeCloseTo(expected, 14);
    }
  });
  it("with warm-up the decay grows as (1 + t) / (10 + t)", () => {
    const optimizer = exponentialAverage(sgd(), { decay: 0.5, warmUp: true });
    expect([1, 2, 5, 50].map((step) => optimizer.scalarValues(step, 1)[2])).toEqual([
      1 - 2 / 11,
      1 - 3 / 12,
      1 - 6 / 15,
      0.5,
    ]);
  });
  it("the stochastic average is the mean of every other weight from step 3 on", () => {
    const optimizer = stochasticWeightAverage(sgd(), { from: 3, every: 2 });
    const weights: number[] = [];
    let [weight, average] = [10, 0];
    for (let step = 1; step <= 8; step++) {
      const scalars = optimizer.scalarValues(step, 1);
      const next = optimizer.update(float64, {
        parameter: weight,
        gradient: step,
        slots: [average],
        scalars,
      });
      weight = next.parameter;
      average = next.slots[0];
      weights.push(weight);
    }
    expect(average).toBeCloseTo((weights[2] + weights[4] + weights[6]) / 3, 12);
  });
});

describe("options that are none", () => {
  it("are refused by name", () => {
    expect(() => adam({ beta1: 1 })).toThrow("adam: beta1 1");
    expect(() => sgd({ nesterov: true })).toThrow(
      "a momentum of at least 0 and below 1 (above 0 with nesterov)",
    );
    expect(() => rmsprop({ epsilon: 0 })).toThrow("epsilon 0");
    expect(() => adadelta({ decay: -1 })).toThrow("decay -1");
    expect(() => adamW({ weightDecay: -1 })).toThrow("weightDecay -1");
    expect(() => clipValues(sgd(), 0)).toThrow("a positive limit");
    expect(() => exponentialAverage(sgd(), { decay: 2 })).toThrow("decay 2");
    expect(() => stochasticWeightAverage(sgd(), { from: 0 })).toThrow("whole steps from 1");
  });
});

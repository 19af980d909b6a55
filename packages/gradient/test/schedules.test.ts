import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { learningRateAt, type Schedule } from "../src/optimizers/schedules.js";

// Written by bench/peers/optimizer_facts.py: the rates of 40 steps of PyTorch's schedulers.
const facts: { losses: number[]; schedules: Record<string, number[]> } = JSON.parse(
  readFileSync(new URL("./fixtures/optimizers.json", import.meta.url), "utf8"),
);

const triangle = { kind: "triangular", lowest: 0.1, highest: 0.5, halfCycle: 6 } as const;
const schedules: Record<string, Schedule> = {
  steps: { kind: "steps", rate: 0.5, factor: 0.3, every: 7 },
  milestones: { kind: "milestones", rate: 0.5, factor: 0.5, at: [3, 10, 11] },
  exponential: { kind: "exponential", rate: 0.5, factor: 0.9 },
  triangular: triangle,
  "triangular, halved": { ...triangle, halved: true },
  "triangular, falling": { ...triangle, factor: 0.95 },
  cosine: { kind: "cosine", rate: 0.5, length: 40, lowest: 0.01 },
  "cosine, restarted": { kind: "cosine", rate: 0.5, length: 5, lowest: 0.01, restartFactor: 2 },
  "warm-up": { kind: "warm-up", steps: 8, from: 0.2, next: { kind: "constant", rate: 0.5 } },
  plateau: { kind: "plateau", rate: 0.5, factor: 0.5, patience: 2, better: "less", lowest: 0.02 },
  "plateau, more": { kind: "plateau", rate: 0.5, factor: 0.5, patience: 3, better: "more", cooldown: 2 },
};

describe("learning rates of PyTorch's schedulers", () => {
  it("are all here, and move", () => {
    expect(Object.keys(schedules).sort()).toEqual(Object.keys(facts.schedules).sort());
    for (const rates of Object.values(facts.schedules)) expect(new Set(rates).size).toBeGreaterThan(2);
  });
  it.each(Object.keys(schedules))("%s", (name) => {
    // Stored as JSON and read again, as a resumed run does.
    const schedule: Schedule = JSON.parse(JSON.stringify(schedules[name]));
    facts.schedules[name].forEach((rate, step) => {
      const found = learningRateAt(schedule, step, facts.losses.slice(0, step));
      expect(Math.abs(found - rate), `step ${step}: ${found} against ${rate}`).toBeLessThan(1e-12);
    });
  });
});

describe("schedules beyond PyTorch's", () => {
  it("a cosine stays at its end, or starts again with the same length", () => {
    const cosine = { kind: "cosine", rate: 1, length: 10 } as const;
    expect(learningRateAt(cosine, 10)).toBe(0);
    expect(learningRateAt(cosine, 25)).toBe(0);
    expect(learningRateAt({ ...cosine, restartFactor: 1 }, 25)).toBeCloseTo(0.5, 12);
  });
  it("a warm-up goes before any other", () => {
    const schedule: Schedule = {
      kind: "warm-up",
      steps: 4,
      next: { kind: "steps", rate: 0.8, factor: 0.5, every: 2 },
    };
    const rates = Array.from({ length: 9 }, (_, step) => learningRateAt(schedule, step));
    const expected = [0, 0.2, 0.4, 0.6, 0.8, 0.8, 0.4, 0.4, 0.2];
    rates.forEach((rate, step) => {
      expect(rate).toBeCloseTo(expected[step], 12);
    });
  });
  it("a cumulative plateau counts what is no better even where better values lie between", () => {
    const plateau = { kind: "plateau", rate: 1, factor: 0.1, patience: 2, better: "less" } as const;
    const values = [5, 6, 4, 6, 3, 6, 2, 6];
    expect(learningRateAt(plateau, 0, values)).toBe(1);
    expect(learningRateAt({ ...plateau, cumulative: true }, 0, values)).toBeCloseTo(0.1, 12);
    expect(learningRateAt(plateau, 0, [1, Number.NaN, Number.NaN, Number.NaN])).toBeCloseTo(0.1, 12);
  });
  it("refuse what makes no sense", () => {
    expect(() => learningRateAt({ kind: "steps", rate: 1, factor: 0.5, every: 0 }, 0)).toThrow(
      'learning rate schedule "steps": every 0; expected above 0',
    );
    expect(() => learningRateAt({ kind: "constant", rate: Number.NaN }, 0)).toThrow("rate NaN");
    expect(() => learningRateAt({ kind: "constant", rate: 1 }, -1)).toThrow("step -1");
    expect(() => learningRateAt({ kind: "cosine", rate: 1, length: 4, restartFactor: 0.5 }, 9)).toThrow(
      "restartFactor 0.5",
    );
  });
});

import { BindscapeError } from "@bindscape/numerics";

/**
 * How the learning rate changes: plain data, so that it stands in a configuration or a checkpoint as it is, and
 * {@link learningRateAt} computes the rate of any step from it. Steps are counted from 0, in whatever unit the caller
 * counts (updates or epochs).
 */
export type Schedule =
  | { readonly kind: "constant"; readonly rate: number }
  /** Times `factor` after every `every` steps. */
  | { readonly kind: "steps"; readonly rate: number; readonly factor: number; readonly every: number }
  /** Times `factor` at each of the steps `at`. */
  | {
      readonly kind: "milestones";
      readonly rate: number;
      readonly factor: number;
      readonly at: readonly number[];
    }
  /** rate factor^(step / every); `every` is 1 by default. */
  | { readonly kind: "exponential"; readonly rate: number; readonly factor: number; readonly every?: number }
  /**
   * From `lowest` to `highest` and back in 2 `halfCycle` steps (Smith 2017). Each cycle's height is halved where
   * `halved`, and is multiplied by factor^step where there is a `factor`.
   */
  | {
      readonly kind: "triangular";
      readonly lowest: number;
      readonly highest: number;
      readonly halfCycle: number;
      readonly halved?: boolean;
      readonly factor?: number;
    }
  /**
   * From `rate` to `lowest` (default 0) along half a cosine of `length` steps (Loshchilov and Hutter 2017, equation
   * 5), where it stays; with `restartFactor` it starts again, each time so many times as long.
   */
  | {
      readonly kind: "cosine";
      readonly rate: number;
      readonly length: number;
      readonly lowest?: number;
      readonly restartFactor?: number;
    }
  /** From `from` (default 0) times the first rate of `next` to it in `steps` equal steps; then `next` from its start. */
  | {
      readonly kind: "warm-up";
      readonly steps: number;
      readonly from?: number;
      readonly next: Schedule;
    }
  /**
   * Times `factor` when more than `patience` recorded values in a row (in all since the last change, where
   * `cumulative`) are no better than the best so far by the share `threshold` (default 1e-4); after that
   * `cooldown` (default 0) values do not count. Never below `lowest` (default 0).
   */
  | {
      readonly kind: "plateau";
      readonly rate: number;
      readonly factor: number;
      readonly patience: number;
      readonly better: "less" | "more";
      readonly threshold?: number;
      readonly cooldown?: number;
      readonly lowest?: number;
      readonly cumulative?: boolean;
    };

/**
 * The learning rate of a step.
 * @param step from 0
 * @param recorded what "plateau" looks at: for example the validation loss of every epoch so far
 */
export function learningRateAt(schedule: Schedule, step: number, recorded: readonly number[] = []): number {
  checkSchedule(schedule);
  if (!(step >= 0)) fail(schedule, `step ${step}`, "a step of at least 0");
  switch (schedule.kind) {
    case "constant":
      return schedule.rate;
    case "steps":
      return schedule.rate * schedule.factor ** Math.floor(step / schedule.every);
    case "milestones":
      return schedule.rate * schedule.factor ** schedule.at.filter((at) => at <= step).length;
    case "exponential":
      return schedule.rate * schedule.factor ** (step / (schedule.every ?? 1));
    case "triangular": {
      const { lowest, highest, halfCycle, halved = false, factor = 1 } = schedule;
      const cycle = Math.floor(step / (2 * halfCycle));
      const height = Math.max(0, 1 - Math.abs(step / halfCycle - 2 * cycle - 1));
      return lowest + (highest - lowest) * height * (halved ? 0.5 ** cycle : 1) * factor ** step;
    }
    case "cosine":
      return cosineRate(schedule, step);
    case "warm-up": {
      const { steps, from = 0, next } = schedule;
      if (step >= steps) return learningRateAt(next, step - steps, recorded);
      return learningRateAt(next, 0, recorded) * (from + ((1 - from) * step) / steps);
    }
    case "plateau":
      return plateauRate(schedule, recorded);
    default:
      return schedule satisfies never;
  }
}

function cosineRate(schedule: Extract<Schedule, { kind: "cosine" }>, step: number): number {
  const { rate, length, lowest = 0, restartFactor } = schedule;
  let at = step;
  let cycle = length;
  if (restartFactor === undefined) at = Math.min(step, length);
  else if (restartFactor === 1) at = step % length;
  else {
    for (; at >= cycle; cycle *= restartFactor) at -= cycle;
  }
  return lowest + ((rate - lowest) * (1 + Math.cos((Math.PI * at) / cycle))) / 2;
}

function plateauRate(schedule: Extract<Schedule, { kind: "plateau" }>, recorded: readonly number[]): number {
  const {
    factor,
    patience,
    better,
    threshold = 1e-4,
    cooldown = 0,
    lowest = 0,
    cumulative = false,
  } = schedule;
  const sign = better === "less" ? 1 : -1;
  let rate = schedule.rate;
  let best = Number.POSITIVE_INFINITY;
  let bad = 0;
  let resting = 0;
  for (const value of recorded) {
    const signed = sign * value;
    // NaN is never better.
    if (signed < best - (Number.isFinite(best) ? threshold * Math.abs(best) : 0)) {
      best = signed;
      if (!cumulative) bad = 0;
    } else bad++;
    if (resting > 0) {
      resting--;
      bad = 0;
    }
    if (bad > patience) {
      rate = Math.max(lowest, rate * factor);
      bad = 0;
      resting = cooldown;
    }
  }
  return rate;
}

function checkSchedule(schedule: Schedule): void {
  const positive = (name: string, value: number | undefined) => {
    if (value !== undefined && !(value > 0)) fail(schedule, `${name} ${value}`, "above 0");
  };
  const values: Readonly<Record<string, unknown>> = { ...schedule };
  for (const name of ["factor", "every", "halfCycle", "length", "restartFactor"])
    positive(name, values[name] as number | undefined);
  if (typeof values["restartFactor"] === "number" && values["restartFactor"] < 1)
    fail(schedule, `restartFactor ${values["restartFactor"]}`, "at least 1");
  for (const name of ["rate", "lowest", "highest", "steps", "patience", "cooldown", "from", "threshold"]) {
    const value = values[name];
    if (value !== undefined && !((value as number) >= 0)) fail(schedule, `${name} ${value}`, "at least 0");
  }
}

function fail(schedule: Schedule, found: string, expected: string): never {
  throw new BindscapeError({ source: `learning rate schedule "${schedule.kind}"`, found, expected });
}

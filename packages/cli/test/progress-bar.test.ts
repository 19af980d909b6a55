import { describe, expect, it } from "vitest";
import { describeProgress, formatDuration, ProgressBar } from "../src/progress-bar.js";

class FakeTerminal {
  written: string[] = [];
  constructor(readonly isTTY: boolean) {}
  write(text: string) {
    this.written.push(text);
  }
}

function setUp(isTTY: boolean) {
  const output = new FakeTerminal(isTTY);
  let milliseconds = 1000;
  const bar = new ProgressBar(output, () => milliseconds);
  const report = (done: number, options: { at: number; task?: string; total?: number; note?: string }) => {
    milliseconds = options.at;
    const { task = "training", total = 400, note } = options;
    bar.listener({ task, done, total, unit: "windows", note });
  };
  return { output, bar, report };
}

describe("on a terminal", () => {
  it("redraws in place with share, rate, time left and note", () => {
    const { output, report } = setUp(true);
    report(0, { at: 1000 });
    report(100, { at: 3000, note: "loss 0.5" });
    expect(output.written.at(-1)).toBe(
      "\r\u001b[K██████░░░░░░░░░░░░░░░░░░ training: 25 % (100 of 400 windows), 50 windows/s, 6 s left, loss 0.5",
    );
    expect(output.written.every((text) => !text.includes("\n"))).toBe(true);
  });

  it("draws at most ten times a second, and always takes itself away at the end", () => {
    const { output, report } = setUp(true);
    for (let i = 0; i <= 399; i++) report(i, { at: 1000 + i });
    const drawn = output.written.length;
    expect(drawn).toBeGreaterThanOrEqual(4);
    expect(drawn).toBeLessThanOrEqual(5);
    report(400, { at: 1400 });
    expect(output.written.at(-1)).toBe("\r\u001b[K");
    expect(output.written.at(-2)).toContain("100 % (400 of 400 windows)");
  });

  it("says lines above the bar", () => {
    const { output, bar, report } = setUp(true);
    report(0, { at: 1000 });
    bar.say("epoch 1 done");
    expect(output.written.slice(-2)).toEqual(["\r\u001b[K", "epoch 1 done\n"]);
    bar.say("again");
    expect(output.written.at(-1)).toBe("again\n");
    expect(output.written.at(-2)).toBe("epoch 1 done\n");
  });

  it("starts the rate anew with every task, and where work resumes half-way", () => {
    const { output, report } = setUp(true);
    report(0, { at: 1000, task: "epoch 1" });
    report(400, { at: 2000, task: "epoch 1" });
    report(200, { at: 10_000, task: "epoch 2" });
    report(300, { at: 12_000, task: "epoch 2" });
    // 100 windows in 2 s since this task began at 200.
    expect(output.written.at(-1)).toContain("epoch 2: 75 % (300 of 400 windows), 50 windows/s, 2 s left");
  });
});

describe("elsewhere", () => {
  it("writes a plain line every ten seconds, and none for short work", () => {
    const { output, report } = setUp(false);
    for (let second = 0; second <= 35; second++) report(second, { at: 1000 + 1000 * second });
    expect(output.written).toEqual([
      "training: 2 % (10 of 400 windows), 1.0 windows/s, 6 min 30 s left\n",
      "training: 5 % (20 of 400 windows), 1.0 windows/s, 6 min 20 s left\n",
      "training: 7 % (30 of 400 windows), 1.0 windows/s, 6 min 10 s left\n",
    ]);
    const short = setUp(false);
    for (const done of [0, 200, 400]) short.report(done, { at: 1000 + done });
    expect(short.output.written).toEqual([]);
  });
});

describe("words", () => {
  it("describes work without a rate or without a total", () => {
    const progress = { task: "reading", done: 0, total: 0, unit: "bytes" };
    expect(describeProgress(progress, 0, 0)).toBe("reading: 100 % (0 of 0 bytes)");
    expect(describeProgress({ ...progress, done: 1_234_567, total: 2_000_000 }, 1_234_567, 10)).toBe(
      "reading: 61 % (1,234,567 of 2,000,000 bytes), 123,457 bytes/s, 6 s left",
    );
  });

  it("formats durations", () => {
    expect([0.4, 59.4, 59.6, 61, 3599, 3661].map(formatDuration)).toEqual([
      "0 s",
      "59 s",
      "1 min 00 s",
      "1 min 01 s",
      "59 min 59 s",
      "1 h 01 min",
    ]);
  });
});

import type { Progress, ProgressListener } from "@bindscape/numerics";

const BAR_WIDTH = 24;
/** Milliseconds between redraws on a terminal, and between lines elsewhere. */
const TERMINAL_INTERVAL = 100;
const PLAIN_INTERVAL = 10_000;

/** What the bar draws on: standard error, or anything like it. */
export interface ProgressOutput {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

/**
 * The one progress bar: task, share done, rate and time left, redrawn in place on a terminal and as plain lines
 * elsewhere. Give it to any library call that takes a ProgressListener.
 */
export class ProgressBar {
  #task = "";
  #started = 0;
  #startedAt = 0;
  #drawn = 0;
  #open = false;

  constructor(
    readonly output: ProgressOutput = process.stderr,
    readonly now: () => number = () => performance.now(),
  ) {}

  readonly listener: ProgressListener = (progress) => this.#update(progress);

  /** Prints a line above the bar. */
  say(line: string): void {
    this.clear();
    this.output.write(`${line}\n`);
  }

  /** Takes the bar off the terminal. */
  clear(): void {
    if (this.#open && this.output.isTTY) this.output.write("\r\u001b[K");
    this.#open = false;
  }

  #update(progress: Progress): void {
    const now = this.now();
    if (progress.task !== this.#task || progress.done < this.#startedAt) {
      this.#task = progress.task;
      this.#started = now;
      this.#startedAt = progress.done;
      this.#drawn = this.output.isTTY ? 0 : now;
    }
    const interval = this.output.isTTY ? TERMINAL_INTERVAL : PLAIN_INTERVAL;
    const finished = progress.done >= progress.total;
    if (now - this.#drawn < interval && !(finished && this.output.isTTY)) return;
    this.#drawn = now;
    const text = describeProgress(progress, progress.done - this.#startedAt, (now - this.#started) / 1000);
    if (!this.output.isTTY) {
      this.output.write(`${text}\n`);
      return;
    }
    const filled = Math.round((BAR_WIDTH * progress.done) / Math.max(1, progress.total));
    const bar = `${"█".repeat(filled)}${"░".repeat(BAR_WIDTH - filled)}`;
    this.output.write(`\r\u001b[K${bar} ${text}`);
    this.#open = true;
    if (finished) this.clear();
  }
}

/** One progress report in words: "training: 40 % (400 of 1,000 windows), 123 windows/s, 5 s left". */
export function describeProgress(progress: Progress, doneSinceStart: number, seconds: number): string {
  const { task, done, total, unit, note } = progress;
  const percent = total > 0 ? Math.floor((100 * done) / total) : 100;
  const rate = seconds > 0 ? doneSinceStart / seconds : 0;
  const parts = [`${task}: ${percent} % (${formatCount(done)} of ${formatCount(total)} ${unit})`];
  if (rate > 0) {
    parts.push(`${rate >= 10 ? formatCount(rate) : rate.toPrecision(2)} ${unit}/s`);
    if (done < total) parts.push(`${formatDuration((total - done) / rate)} left`);
  }
  if (note) parts.push(note);
  return parts.join(", ");
}

export function formatDuration(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  if (whole < 3600) return `${Math.floor(whole / 60)} min ${String(whole % 60).padStart(2, "0")} s`;
  return `${Math.floor(whole / 3600)} h ${String(Math.floor((whole % 3600) / 60)).padStart(2, "0")} min`;
}

function formatCount(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

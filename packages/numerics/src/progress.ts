/** One report of long-running work. Libraries call a {@link ProgressListener}; the command line draws the bar. */
export interface Progress {
  /** What is being done, as a short phrase: "training Reb1". */
  readonly task: string;
  /** How much is done and how much there is in all, in `unit`. */
  readonly done: number;
  readonly total: number;
  /** Plural noun: "windows", "epochs", "bytes". */
  readonly unit: string;
  /** A short free text beside the bar, such as the current loss. */
  readonly note?: string;
}

export type ProgressListener = (progress: Progress) => void;

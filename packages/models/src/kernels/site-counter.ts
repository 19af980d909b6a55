import type { SourceTrack, WindowRequest, WindowSource } from "@bindscape/study";
import type { KernelSummary } from "../report/report-data.js";
import { otherStrandTrack } from "../strand-tracks.js";

/** Where kernel positions lie in windows, all in bp. */
export interface KernelPlace {
  /** Window length, the part of it before the bin, and the kernel's width. */
  readonly length: number;
  readonly margin: number;
  readonly width: number;
}

/** Counts the bases of a kernel's sites and sums the tracks over them, as the kernel reads them. */
export class SiteCounter {
  readonly #counts: Float64Array;
  readonly #signal: readonly Float64Array[];
  /** On the other strand a network sees tracks of the two strands swapped, and so do its sites. */
  readonly #partners: readonly SourceTrack[];
  #largest = 0;
  /** Sites counted. */
  sites = 0;

  constructor(
    readonly source: WindowSource,
    readonly request: WindowRequest,
    readonly place: KernelPlace,
  ) {
    const names = source.tracks.map((track) => track.name);
    this.#counts = new Float64Array(place.width * 4);
    this.#signal = names.map(() => new Float64Array(place.width));
    this.#partners = names.map((name) => source.tracks[names.indexOf(otherStrandTrack(name, names))]);
  }

  /** Whether a site lies wholly within known sequence. @param found see {@link add} */
  holds(window: number, found: number): boolean {
    return this.#locate(window, found) >= 0;
  }

  /**
   * Counts a site, unless it overhangs the sequence.
   * @param window which window of the request
   * @param found position in the window, or -1 - position in its reverse complement
   */
  add(window: number, found: number, activation: number): void {
    const start = this.#locate(window, found);
    if (start < 0) return;
    const { width } = this.place;
    const { codes, tracks } = this.source;
    const isReverse = found < 0;
    this.sites++;
    this.#largest = Math.max(this.#largest, activation);
    for (let k = 0; k < width; k++) {
      const at = start + (isReverse ? width - 1 - k : k);
      const code = codes[at];
      if (code < 4) this.#counts[k * 4 + (isReverse ? 3 - code : code)]++;
      else for (let base = 0; base < 4; base++) this.#counts[k * 4 + base] += 0.25;
      (isReverse ? this.#partners : tracks).forEach((track, t) => {
        this.#signal[t][k] += track.log ? Math.expm1(track.values[at]) : track.values[at];
      });
    }
  }

  summarise(): Omit<KernelSummary, "index" | "seededFrom"> {
    const mean = (value: number) => value / Math.max(1, this.sites);
    const { tracks } = this.source;
    return {
      sites: this.sites,
      largestActivation: this.#largest,
      probabilities: Array.from(this.#counts, mean),
      signalUnits: Object.fromEntries(tracks.map((track) => [track.name, track.unit])),
      meanSignal: Object.fromEntries(
        tracks.map((track, t) => [track.name, Array.from(this.#signal[t], mean)]),
      ),
    };
  }

  /** Index of a site's first base in the source's arrays; -1 where it overhangs its segment. */
  #locate(window: number, found: number): number {
    const { length, margin, width } = this.place;
    const segment = this.source.segments[this.request.segmentIndices[window]];
    const position = found < 0 ? length - width - (-1 - found) : found;
    const from = this.request.binStarts[window] - margin + position - segment.start;
    return from < 0 || from + width > segment.end - segment.start ? -1 : segment.offset + from;
  }
}

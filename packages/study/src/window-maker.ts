import { MotifScanner } from "@bindscape/motifs";
import { BindscapeError } from "@bindscape/numerics";
import {
  allocateBatch,
  type BinFeature,
  countBaseChannels,
  countChannels,
  listSources,
  type SourceAnnotation,
  type SourceTrack,
  type WindowBatch,
  type WindowPlan,
  type WindowRequest,
  type WindowSource,
  type WindowSources,
} from "./windows.js";

/**
 * Makes the input arrays of windows from a genome and the tracks of one or several cells in memory. One instance a
 * thread.
 */
export class WindowMaker {
  readonly #cells: readonly CellWindows[];

  /** @throws BindscapeError where the plan names what a cell does not have */
  constructor(
    sources: WindowSources,
    readonly plan: WindowPlan,
  ) {
    this.#cells = listSources(sources).map((source) => new CellWindows(source, plan));
  }

  /**
   * Fills a batch. Sources must be held in memory.
   * @param into arrays for at least as many windows as the request has; made where absent
   */
  fill(request: WindowRequest, into?: WindowBatch): WindowBatch {
    this.#checkHeld();
    const { windowLength } = this.plan;
    const count = request.binStarts.length;
    const batch = into ?? allocateBatch(this.plan, count);
    batch.windows.fill(0, 0, count * countChannels(this.plan) * windowLength);
    const width = this.plan.features.length;
    for (let i = 0; i < count; i++) {
      const cell = this.#cells[request.sourceIndices?.[i] ?? 0];
      cell.fillWindow(batch.windows, i, request.segmentIndices[i], request.binStarts[i]);
      cell.fillFeatures(batch.features, i * width, request.segmentIndices[i], request.binStarts[i]);
    }
    return count === batch.count ? batch : { ...batch, count };
  }

  /** Features alone, [count, features]. */
  fillFeatures(request: WindowRequest): Float32Array {
    this.#checkHeld();
    const out = new Float32Array(request.binStarts.length * this.plan.features.length);
    for (const [c, cell] of this.#cells.entries()) cell.fillAllFeatures(out, rowsOfCell(request, c), request);
    return out;
  }

  /** Goes on with other parts of the same cells: requests are then on their segments. */
  moveTo(sources: readonly WindowSource[]): void {
    for (const [i, cell] of this.#cells.entries()) cell.moveTo(sources[i]);
  }

  #checkHeld(): void {
    if (this.#cells.some(({ source }) => source.files))
      throw new Error("windows of a cell in files: read the parts with SourceReader first");
  }
}

/** Windows and features of one cell. */
class CellWindows {
  #source: WindowSource;
  #tracks: readonly SourceTrack[];
  readonly #features: readonly CompiledFeature[];

  constructor(
    source: WindowSource,
    readonly plan: WindowPlan,
  ) {
    this.#source = source;
    this.#tracks = plan.tracks.map((name) => this.#findTrack(name));
    this.#features = plan.features.map((feature) => this.#compileFeature(feature));
  }

  get source(): WindowSource {
    return this.#source;
  }

  moveTo(source: WindowSource): void {
    this.#source = source;
    this.#tracks = this.plan.tracks.map((name) => this.#findTrack(name));
  }

  /** Writes one window into row `row` of zeros. */
  fillWindow(windows: Float32Array, row: number, segmentIndex: number, binStart: number): void {
    const { windowLength, binSize } = this.plan;
    const { segments, codes } = this.source;
    const segment = segments[segmentIndex];
    const windowStart = binStart - Math.floor((windowLength - binSize) / 2);
    const from = Math.max(windowStart, segment.start);
    const to = Math.min(windowStart + windowLength, segment.end);
    const source = segment.offset + from - segment.start;
    const target = row * countChannels(this.plan) * windowLength + from - windowStart;
    const bases = countBaseChannels(this.plan);
    const { unknownBase = 0 } = this.plan;
    if (bases > 0 && unknownBase > 0) {
      const first = row * countChannels(this.plan) * windowLength;
      const last = Math.max(from, to) - windowStart;
      for (let channel = 0; channel < bases; channel++) {
        const at = first + channel * windowLength;
        windows.fill(unknownBase, at, at + Math.min(from - windowStart, windowLength));
        windows.fill(unknownBase, at + Math.max(0, last), at + windowLength);
      }
    }
    for (let k = 0; bases > 0 && k < to - from; k++) {
      const code = codes[source + k];
      if (code < 4) windows[target + code * windowLength + k] = 1;
      else if (unknownBase > 0)
        for (let channel = 0; channel < bases; channel++)
          windows[target + channel * windowLength + k] = unknownBase;
    }
    if (to <= from) return;
    for (let t = 0; t < this.#tracks.length; t++) {
      windows.set(
        this.#tracks[t].values.subarray(source, source + to - from),
        target + (bases + t) * windowLength,
      );
    }
  }

  fillFeatures(out: Float32Array, at: number, segmentIndex: number, binStart: number): void {
    for (let f = 0; f < this.#features.length; f++)
      out[at + f] = this.#features[f].measure(segmentIndex, binStart);
  }

  /** The same for many rows: what neighbouring bins have in common is computed once. */
  fillAllFeatures(out: Float32Array, rows: Uint32Array, request: WindowRequest): void {
    const width = this.#features.length;
    const { segmentIndices, binStarts } = request;
    for (const [f, { measure, measureSegment }] of this.#features.entries()) {
      if (measureSegment === undefined) {
        for (const row of rows) out[row * width + f] = measure(segmentIndices[row], binStarts[row]);
        continue;
      }
      for (const [segmentIndex, ofSegment] of groupBySegment(rows, segmentIndices)) {
        const values = measureSegment(
          segmentIndex,
          ofSegment.map((row) => binStarts[row]),
        );
        ofSegment.forEach((row, i) => {
          out[row * width + f] = values[i];
        });
      }
    }
  }

  #findTrack(name: string): SourceTrack {
    const track = this.source.tracks.find((candidate) => candidate.name === name);
    if (track) return track;
    throw new BindscapeError({
      found: `no track named ${this.#listMissing(
        [...this.plan.tracks, name],
        this.source.tracks.map((t) => t.name),
      )} in this cell`,
      expected: listNames(
        this.source.tracks.map((t) => t.name),
        "a track",
      ),
      next: "The model was trained with this track: give the cell a track of that name in the study file",
    });
  }

  #findAnnotation(name: string): SourceAnnotation {
    const annotations = this.source.annotations ?? [];
    const found = annotations.find((candidate) => candidate.name === name);
    if (found) return found;
    throw new BindscapeError({
      found: `no annotation named ${this.#listMissing(
        this.plan.features.flatMap((feature) => (feature.kind === "overlap" ? [feature.annotation] : [])),
        annotations.map((annotation) => annotation.name),
      )} in the study`,
      expected: listNames(
        annotations.map((annotation) => annotation.name),
        "an annotation",
      ),
      next: "The model was trained with this annotation: name it under `annotations` in the study file",
    });
  }

  #findCovariate(name: string): number {
    const covariates = this.source.covariates ?? {};
    if (Object.hasOwn(covariates, name)) return covariates[name];
    throw new BindscapeError({
      found: `no covariate named ${this.#listMissing(
        this.plan.features.flatMap((feature) => (feature.kind === "covariate" ? [feature.name] : [])),
        Object.keys(covariates),
      )} in this cell`,
      expected: listNames(Object.keys(covariates), "a covariate"),
      next: "The model was trained with this covariate: give the cell its value under `covariates`, or the study an `expression` table, in the study file",
    });
  }

  /** All names wanted that are not there, so that a study can be set right in one go. */
  #listMissing(wanted: readonly string[], there: readonly string[]): string {
    const missing = [...new Set(wanted)].filter((name) => !there.includes(name));
    return missing.map((name) => `"${name}"`).join(", ");
  }

  #compileFeature(feature: BinFeature): CompiledFeature {
    const { binSize } = this.plan;
    if (feature.kind === "motif") {
      const matrix = Float64Array.from(feature.logOdds);
      const scanner = new MotifScanner(matrix);
      const lowest = lowestScore(matrix);
      const inside = feature.sites === "inside";
      const before = inside ? 0 : Math.floor(feature.length / 2);
      const after = inside ? 0 : feature.length - 1 - before;
      const measure = (segmentIndex: number, binStart: number) => {
        const { segments, codes } = this.source;
        const segment = segments[segmentIndex];
        const from = Math.max(binStart - before, segment.start) - segment.start + segment.offset;
        const to = Math.min(binStart + binSize + after, segment.end) - segment.start + segment.offset;
        return Math.max(lowest, scanner.best(codes, from, to));
      };
      const measureSegment = (segmentIndex: number, binStarts: readonly number[]) => {
        const { start, end, offset } = this.source.segments[segmentIndex];
        const codes = this.source.codes.subarray(offset, offset + end - start);
        const starts = binStarts.map((binStart) => binStart - before - start);
        const scores = scanner.bestInBins(codes, starts, before + binSize + after);
        return scores.map((score) => Math.max(lowest, score));
      };
      return { measure, measureSegment };
    }
    if (feature.kind === "covariate") {
      const value = this.#findCovariate(feature.name);
      return { measure: () => value };
    }
    if (feature.kind === "overlap") {
      const { segmentFirst, starts, ends } = this.#findAnnotation(feature.annotation);
      const measure = (part: number, binStart: number) => {
        const segmentIndex = this.source.partOf?.[part] ?? part;
        // The first interval that ends behind the bin's start: intervals are disjoint, so ends ascend too.
        let low = segmentFirst[segmentIndex];
        const end = segmentFirst[segmentIndex + 1];
        let high = end;
        while (low < high) {
          const middle = (low + high) >> 1;
          if (ends[middle] > binStart) high = middle;
          else low = middle + 1;
        }
        return low < end && starts[low] < binStart + binSize ? 1 : 0;
      };
      return { measure };
    }
    const track = this.source.tracks.indexOf(this.#findTrack(feature.track));
    const margin = Math.floor((feature.width - binSize) / 2);
    const measure = (segmentIndex: number, binStart: number) => {
      const { segments, tracks } = this.source;
      const { values, log: isLog } = tracks[track];
      const segment = segments[segmentIndex];
      const start = binStart - margin;
      const from = Math.max(start, segment.start) - segment.start + segment.offset;
      const to = Math.min(start + feature.width, segment.end) - segment.start + segment.offset;
      let sum = 0;
      if (isLog) {
        for (let k = from; k < to; k++) if (values[k] !== 0) sum += Math.expm1(values[k]);
      } else {
        for (let k = from; k < to; k++) sum += values[k];
      }
      return feature.log ? Math.log1p(sum) : sum / feature.width;
    };
    return { measure };
  }
}

/** How a feature is measured: of one bin, or, where that is faster, of many bins of a segment. */
interface CompiledFeature {
  readonly measure: (segmentIndex: number, binStart: number) => number;
  readonly measureSegment?: (segmentIndex: number, binStarts: readonly number[]) => ArrayLike<number>;
}

/** Rows of a request that are of one cell. */
function rowsOfCell({ binStarts, sourceIndices }: WindowRequest, cell: number): Uint32Array {
  const all = Uint32Array.from(binStarts, (_, row) => row);
  return sourceIndices === undefined
    ? cell === 0
      ? all
      : new Uint32Array(0)
    : all.filter((row) => sourceIndices[row] === cell);
}

function groupBySegment(rows: Uint32Array, segmentIndices: ArrayLike<number>): Map<number, number[]> {
  const groups = new Map<number, number[]>();
  for (const row of rows) {
    const group = groups.get(segmentIndices[row]);
    if (group === undefined) groups.set(segmentIndices[row], [row]);
    else group.push(row);
  }
  return groups;
}

function listNames(names: readonly string[], otherwise: string): string {
  return names.length > 0 ? `one of ${names.join(", ")}` : otherwise;
}

/** The lowest score a matrix can give: stands in where no site fits (stretches of N, edges). */
function lowestScore(matrix: Float64Array): number {
  let sum = 0;
  for (let row = 0; row < matrix.length; row += 4) {
    sum += Math.min(matrix[row], matrix[row + 1], matrix[row + 2], matrix[row + 3]);
  }
  return sum;
}

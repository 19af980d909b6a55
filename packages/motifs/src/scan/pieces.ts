/** Bases of a piece, but for the letters added where a long sequence is cut. */
export const PIECE_BASES = 1 << 20;

/** A stretch of one sequence inside a piece. */
export interface PieceSegment {
  /** Index of the sequence. */
  readonly sequence: number;
  /** Where the segment starts in its sequence. */
  readonly start: number;
  /** Where it starts in the piece. */
  readonly offset: number;
  /** Sites that start in so many positions belong to the segment. */
  readonly own: number;
  /** Letters of it in the piece: more than `own` where the sequence goes on in the next piece. */
  readonly length: number;
}

/** Work for one thread: many short sequences with an unknown letter after each, or a part of a long one. */
export interface ScanPiece {
  /** Counted from 0, in the order of the sequences. */
  readonly index: number;
  /** May be a part of the sequence's own array. */
  readonly codes: Uint8Array;
  readonly segments: readonly PieceSegment[];
  /** Positions of all pieces before. */
  readonly before: number;
}

/** Cuts sequences into pieces so that every site of up to `longest` letters lies whole in one piece. */
export class PieceCutter {
  readonly #overlap: number;
  #codes = new Uint8Array(PIECE_BASES);
  #length = 0;
  #segments: PieceSegment[] = [];
  #index = 0;
  #before = 0;
  #own = 0;
  #sequences = 0;

  constructor(longest: number) {
    this.#overlap = Math.max(0, longest - 1);
  }

  /** Adds a sequence, and gives the pieces that are full with it. */
  *add(codes: Uint8Array): Generator<ScanPiece> {
    const sequence = this.#sequences++;
    for (let start = 0; start < codes.length; ) {
      if (this.#length > 0 && this.#length + codes.length - start > PIECE_BASES) yield* this.finish();
      const own = Math.min(PIECE_BASES, codes.length - start);
      const length = Math.min(own + this.#overlap, codes.length - start);
      if (own === PIECE_BASES) {
        // Nothing is gathered, and a full piece needs no copy.
        yield this.#make(
          codes.subarray(start, start + length),
          [{ sequence, start, offset: 0, own, length }],
          own,
        );
        start += own;
        continue;
      }
      this.#reserve(length + 1);
      this.#codes.set(codes.subarray(start, start + length), this.#length);
      this.#codes[this.#length + length] = 4;
      this.#segments.push({ sequence, start, offset: this.#length, own, length });
      this.#length += length + 1;
      this.#own += own;
      start += own;
      if (this.#length >= PIECE_BASES) yield* this.finish();
    }
  }

  /** Gives what is left. */
  *finish(): Generator<ScanPiece> {
    if (this.#segments.length === 0) return;
    yield this.#make(this.#codes.slice(0, this.#length), this.#segments, this.#own);
    this.#own = 0;
    this.#length = 0;
    this.#segments = [];
  }

  #make(codes: Uint8Array, segments: readonly PieceSegment[], own: number): ScanPiece {
    const before = this.#before;
    this.#before += own;
    return { index: this.#index++, codes, segments, before };
  }

  #reserve(more: number): void {
    if (this.#length + more <= this.#codes.length) return;
    const grown = new Uint8Array(this.#length + more + PIECE_BASES / 4);
    grown.set(this.#codes.subarray(0, this.#length));
    this.#codes = grown;
  }
}

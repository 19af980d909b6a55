import { coarseDeficits, type ScoreThreshold, wordDeficits } from "./deficits.js";
import { reverseScoreMatrix } from "./score-matrix.js";
import { BLOCK_POSITIONS, ENTRY_POSITIONS, type SiteFilter } from "./site-filter.js";
import {
  assembleModule,
  op,
  signed,
  typeI32,
  typeVector,
  unsigned,
  type WasmFunction,
} from "./wasm-module.js";

/** Bytes of a table: all 16 pairs of letters. */
const TABLE_BYTES = 16;
const UNKNOWN = 4;
/** Most pairs of a motif looked up; the filter only becomes coarser by what is left out. */
const MOST_PAIRS = 64;
/** Bytes of an entry of `found`. */
const ENTRY_BYTES = 12;
const PAGE_BYTES = 65536;

interface FilterMotif {
  readonly limit: number;
  readonly pairs: number;
  /** Address of its tables: forward and reverse, pair by pair. */
  readonly tables: number;
}

type FindFunction = (
  pairs: number,
  codes: number,
  count: number,
  tables: number,
  limit: number,
  found: number,
) => number;
type PairFunction = (codes: number, pairs: number, count: number) => number;

/**
 * Scans 16 positions an instruction: the sequence is stored as a byte for each two neighbouring letters, and a byte
 * shuffle looks the lacks of 16 such pairs up in a table of 16 bytes, so a motif of 12 letters takes 6 look-ups and
 * additions on each strand for 16 positions. Sums saturate at 255, above any limit. Pairs with an unknown letter lack
 * nothing, so sites near one pass, and are thrown out where they are scored.
 */
export class SimdFilter implements SiteFilter {
  readonly found: Uint32Array;
  readonly #bytes: Uint8Array;
  readonly #motifs: readonly (FilterMotif | null)[];
  readonly #functions: Readonly<Record<string, FindFunction>>;
  readonly #makePairs: PairFunction;
  readonly #codes: number;
  readonly #pairs: number;
  readonly #found: number;
  readonly #lookAhead: number;
  #count = 0;

  constructor(motifs: readonly ScoreThreshold[]) {
    const longest = Math.max(1, ...motifs.map(({ matrix }) => matrix.length));
    this.#lookAhead = longest - 1;
    let end = 0;
    const take = (bytes: number) => {
      const at = end;
      end += Math.ceil(bytes / TABLE_BYTES) * TABLE_BYTES;
      return at;
    };
    // Loads reach past the last position: by the longest motif, and by a vector.
    this.#codes = take(BLOCK_POSITIONS + longest + 3 * ENTRY_POSITIONS);
    this.#pairs = take(BLOCK_POSITIONS + longest + 3 * ENTRY_POSITIONS);
    this.#found = take(ENTRY_BYTES * (BLOCK_POSITIONS / ENTRY_POSITIONS));
    const tables: { at: number; bytes: Uint8Array }[] = [];
    this.#motifs = motifs.map((motif) => {
      const deficits = coarseDeficits(motif);
      if (deficits === null) return null;
      const { matrix } = motif;
      const pairs = Math.min(MOST_PAIRS, Math.ceil(matrix.length / 2));
      const at = take(2 * TABLE_BYTES * pairs);
      const reverse = reverseScoreMatrix(matrix);
      for (let pair = 0; pair < pairs; pair++) {
        for (const [strand, values] of [matrix, reverse].entries()) {
          const bytes = wordDeficits(values, 2 * pair, 2, deficits.step);
          tables.push({ at: at + TABLE_BYTES * (2 * pair + strand), bytes });
        }
      }
      return { limit: deficits.limit, pairs, tables: at };
    });
    const memory = new WebAssembly.Memory({ initial: Math.ceil(end / PAGE_BYTES) });
    this.#bytes = new Uint8Array(memory.buffer);
    this.found = new Uint32Array(memory.buffer, this.#found, 3 * (BLOCK_POSITIONS / ENTRY_POSITIONS));
    for (const { at, bytes } of tables) this.#bytes.set(bytes, at);
    const widths = new Set(this.#motifs.flatMap((motif) => (motif === null ? [] : [motif.pairs])));
    const module = new WebAssembly.Module(
      assembleModule([makePairFunction(), ...[...widths].map(makeFindFunction)]),
    );
    const { exports } = new WebAssembly.Instance(module, { env: { memory } });
    this.#functions = exports as Record<string, FindFunction>;
    this.#makePairs = exports.pair as PairFunction;
  }

  load(codes: Uint8Array, start: number, count: number): void {
    this.#count = Math.ceil(count / ENTRY_POSITIONS) * ENTRY_POSITIONS;
    const block = codes.subarray(start, Math.min(codes.length, start + count + this.#lookAhead));
    const needed = this.#count + this.#lookAhead + 2 * ENTRY_POSITIONS;
    this.#bytes.set(block, this.#codes);
    this.#bytes.fill(UNKNOWN, this.#codes + block.length, this.#codes + needed + 1);
    this.#makePairs(this.#codes, this.#pairs, needed);
  }

  find(index: number): number {
    const motif = this.#motifs[index];
    if (motif === null || this.#count === 0) return 0;
    const { limit, pairs, tables } = motif;
    const find = this.#functions[nameOf(pairs)];
    const end = find(this.#pairs, this.#codes, this.#count, tables, limit, this.#found);
    return (end - this.#found) / ENTRY_BYTES;
  }
}

function nameOf(pairs: number): string {
  return `find${pairs}`;
}

const get = (local: number) => [op.getLocal, ...unsigned(local)];
const set = (local: number) => [op.setLocal, ...unsigned(local)];
const constant = (value: number) => [op.i32Const, ...signed(value)];
const load = (offset: number) => [...op.vectorLoad, 0, ...unsigned(offset)];
const splat = (value: number) => [...constant(value), ...op.splatByte];
const advance = (local: number, by: number) => [...get(local), ...constant(by), ...op.i32Add, ...set(local)];

/** Codes to pairs, 4 x letter + next letter; 255 where either is unknown, beyond any table. */
function makePairFunction(): WasmFunction {
  const [codes, pairs, count, position, letters, next] = [0, 1, 2, 3, 4, 5];
  const body = [
    ...op.loop,
    ...get(pairs),
    ...[...get(codes), ...load(0), ...set(letters), ...get(codes), ...load(1), ...set(next)],
    ...[...get(letters), ...constant(2), ...op.shiftLeftBytes, ...get(next), ...op.vectorOr],
    ...[...get(letters), ...get(next), ...op.maximum, ...splat(UNKNOWN), ...op.greaterOrEqualBytes],
    ...[...op.vectorOr, ...op.vectorStore, 0, 0],
    ...[...advance(codes, 16), ...advance(pairs, 16), ...advance(position, 16)],
    ...[...get(position), ...get(count), ...op.i32LessUnsigned, op.branchIf, 0],
    ...op.end,
    ...get(position),
  ];
  return { name: "pair", parameters: 3, locals: [typeI32, typeVector, typeVector], body };
}

/** The scanning loop for motifs of so many pairs of columns: its additions are unrolled. */
function makeFindFunction(pairs: number): WasmFunction {
  const [pairsAt, codesAt, count, tables, limit, found] = [0, 1, 2, 3, 4, 5];
  const [position, forwardBits, reverseBits, knownBits] = [6, 7, 8, 9];
  const [limits, forward0, forward1, reverse0, reverse1, letters0, letters1, table] = [
    10, 11, 12, 13, 14, 15, 16, 17,
  ];
  const addLookUp = (sum: number, letters: number, isFirst: boolean) => [
    ...(isFirst ? [] : get(sum)),
    ...get(table),
    ...get(letters),
    ...op.swizzle,
    ...(isFirst ? [] : op.addSaturating),
    ...set(sum),
  ];
  const addPair = (pair: number) => [
    ...[...get(pairsAt), ...load(2 * pair), ...set(letters0)],
    ...[...get(pairsAt), ...load(2 * pair + 16), ...set(letters1)],
    ...[...get(tables), ...load(2 * TABLE_BYTES * pair), ...set(table)],
    ...addLookUp(forward0, letters0, pair === 0),
    ...addLookUp(forward1, letters1, pair === 0),
    ...[...get(tables), ...load(2 * TABLE_BYTES * pair + TABLE_BYTES), ...set(table)],
    ...addLookUp(reverse0, letters0, pair === 0),
    ...addLookUp(reverse1, letters1, pair === 0),
  ];
  /** 32 bits of two vectors of bytes. */
  const bits = (low: readonly number[], high: readonly number[]) => [
    ...[...low, ...op.bitMask],
    ...[...high, ...op.bitMask, ...constant(16), ...op.i32ShiftLeft, ...op.i32Or],
  ];
  const within = (sum: number) => [...get(sum), ...get(limits), ...op.lessOrEqualBytes];
  const isKnown = (offset: number) => [
    ...[...get(codesAt), ...load(offset)],
    ...[...splat(UNKNOWN - 1), ...op.lessOrEqualBytes],
  ];
  const store = (offset: number, value: number) => [
    ...get(found),
    ...get(value),
    ...[op.i32Store, 2, ...unsigned(offset)],
  ];
  const body = [
    ...[...get(limit), ...op.splatByte, ...set(limits)],
    ...op.loop,
    ...Array.from({ length: pairs }, (_, pair) => addPair(pair)).flat(),
    ...[...get(forward0), ...get(forward1), ...op.minimum],
    ...[...get(reverse0), ...get(reverse1), ...op.minimum, ...op.minimum],
    ...[...get(limits), ...op.lessOrEqualBytes, ...op.anyTrue],
    ...op.if,
    // Only sites whose first letter is known: long stretches of N would pass otherwise.
    ...[...bits(isKnown(0), isKnown(16)), ...set(knownBits)],
    ...[...bits(within(forward0), within(forward1)), ...get(knownBits), ...op.i32And, ...set(forwardBits)],
    ...[...bits(within(reverse0), within(reverse1)), ...get(knownBits), ...op.i32And, ...set(reverseBits)],
    ...[...get(forwardBits), ...get(reverseBits), ...op.i32Or],
    ...op.if,
    ...[...store(0, position), ...store(4, forwardBits), ...store(8, reverseBits)],
    ...advance(found, ENTRY_BYTES),
    ...op.end,
    ...op.end,
    ...advance(pairsAt, ENTRY_POSITIONS),
    ...advance(codesAt, ENTRY_POSITIONS),
    ...advance(position, ENTRY_POSITIONS),
    ...[...get(position), ...get(count), ...op.i32LessUnsigned, op.branchIf, 0],
    ...op.end,
    ...get(found),
  ];
  const locals = [...Array(4).fill(typeI32), ...Array(8).fill(typeVector)];
  return { name: nameOf(pairs), parameters: 6, locals, body };
}

import {
  addF32,
  addI32,
  constantI32,
  element,
  getLocal,
  increase,
  lessI32,
  loadF32,
  loadI32,
  multiplyF32,
  multiplyI32,
  roundedEnd,
  setLocal,
  storeF32,
  vector,
  whileLess,
} from "./instructions.js";
import { valueType, type WasmFunction } from "./module-writer.js";

// A batch of sparse rows is sorted by feature: entries starts[f] to starts[f + 1] - 1 are those of feature f, each with
// a sample and a count. Every row of the table is then read or written once.

/**
 * The loop `NAME(features, starts, samples, counts, table, batch, width)`: for every entry, batch[sample] += count
 * table[feature] (`bagForward`), or table[feature] += count batch[sample] (`bagBackward`); rows are `width` bytes long.
 */
export function writeBagKernel(direction: "forward" | "backward"): WasmFunction {
  const [features, starts, samples, counts, table, batch, width] = [0, 1, 2, 3, 4, 5, 6];
  const [feature, entry, end, row, other, into, from, last, lastWhole, lastBlock] = [
    7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
  ];
  const [count, spread] = [17, 18];
  const step = (lanes: number) => {
    const code: number[] = [];
    for (let at = 0; at < lanes; at += 4) {
      code.push(...getLocal(into), ...getLocal(into), ...vector.load(4 * at));
      code.push(
        ...getLocal(from),
        ...vector.load(4 * at),
        ...getLocal(spread),
        ...vector.multiply,
        ...vector.add,
      );
      code.push(...vector.store(4 * at));
    }
    return [...code, ...increase(into, 4 * lanes), ...increase(from, 4 * lanes)];
  };
  const single = [
    ...[...getLocal(into), ...getLocal(into), ...loadF32, ...getLocal(from), ...loadF32, ...getLocal(count)],
    ...[...multiplyF32, ...addF32, ...storeF32, ...increase(into, 4), ...increase(from, 4)],
  ];
  const perEntry = [
    ...[...element(samples, entry), ...loadI32(), ...getLocal(width), ...multiplyI32, ...getLocal(batch)],
    ...[...addI32, ...setLocal(other)],
    ...[
      ...element(counts, entry),
      ...loadF32,
      ...setLocal(count),
      ...getLocal(count),
      ...vector.splat,
      ...setLocal(spread),
    ],
    ...[...getLocal(direction === "forward" ? other : row), ...setLocal(into)],
    ...[...getLocal(direction === "forward" ? row : other), ...setLocal(from)],
    ...[
      ...roundedEnd(into, width, 64),
      ...setLocal(lastBlock),
      ...roundedEnd(into, width, 16),
      ...setLocal(lastWhole),
    ],
    ...[...getLocal(into), ...getLocal(width), ...addI32, ...setLocal(last)],
    ...whileLess(into, lastBlock, step(16)),
    ...whileLess(into, lastWhole, step(4)),
    ...whileLess(into, last, single),
    ...increase(entry, 1),
  ];
  return {
    name: direction === "forward" ? "bagForward" : "bagBackward",
    parameters: new Array(7).fill(valueType.i32),
    result: null,
    locals: [...new Array(10).fill(valueType.i32), valueType.f32, valueType.v128],
    code: [
      ...[...getLocal(table), ...setLocal(row)],
      ...whileLess(feature, features, [
        ...[...element(starts, feature), ...loadI32(), ...setLocal(entry)],
        ...[...element(starts, feature), ...loadI32(4), ...setLocal(end)],
        ...whileLess(entry, end, perEntry),
        ...[...getLocal(row), ...getLocal(width), ...addI32, ...setLocal(row)],
        ...increase(feature, 1),
      ]),
    ],
  };
}

/** The loop `clearRows(features, starts, table, width)`: zeros in the rows of features that have entries. */
export function writeClearRowsKernel(): WasmFunction {
  const [features, starts, table, width, feature, row] = [0, 1, 2, 3, 4, 5];
  return {
    name: "clearRows",
    parameters: new Array(4).fill(valueType.i32),
    result: null,
    locals: [valueType.i32, valueType.i32],
    code: [
      ...[...getLocal(table), ...setLocal(row)],
      ...whileLess(feature, features, [
        ...[
          ...element(starts, feature),
          ...loadI32(),
          ...element(starts, feature),
          ...loadI32(4),
          ...lessI32,
        ],
        // if: memory.fill
        ...[0x04, 0x40, ...getLocal(row), ...constantI32(0), ...getLocal(width), 0xfc, 0x0b, 0x00, 0x0b],
        ...[...getLocal(row), ...getLocal(width), ...addI32, ...setLocal(row)],
        ...increase(feature, 1),
      ]),
    ],
  };
}

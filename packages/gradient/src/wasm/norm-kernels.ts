import {
  addF64,
  addI32,
  getLocal,
  increase,
  loadF32,
  loadF64,
  multiplyF32,
  multiplyF64,
  promoteF32,
  roundedEnd,
  setLocal,
  storeF32,
  storeF64,
  vector,
  whileLess,
} from "./instructions.js";
import { valueType, type WasmFunction } from "./module-writer.js";

// Lengths of the weights of each unit, for max-norm. Units are the rows or the columns of a matrix; `end` is where the
// matrix ends in memory and `width` how many bytes a row has. Sums are float64, in a fixed order.

const squareF32 = (value: number) => [
  ...[...getLocal(value), ...promoteF32, ...getLocal(value), ...promoteF32, ...multiplyF64],
];
/** The square of two of four float32 numbers, as two float64 numbers. */
const squareHalf = (value: number, half: "low" | "high") => {
  const part =
    half === "low"
      ? [...getLocal(value), ...vector.promoteLow]
      : [...getLocal(value), ...getLocal(value), ...vector.upper, ...vector.promoteLow];
  return [...part, ...part, ...vector.multiplyF64];
};

/** `squareColumns(at, end, width, squares)`: adds the squares of each column to its float64 number. */
export function writeSquareColumnsKernel(): WasmFunction {
  const [at, end, width, squares, place, lastWhole, last, value, single] = [0, 1, 2, 3, 4, 5, 6, 7, 8];
  const half = (offset: number, part: "low" | "high") => [
    ...[...getLocal(place), ...getLocal(place), ...vector.load(offset), ...squareHalf(value, part)],
    ...[...vector.addF64, ...vector.store(offset)],
  ];
  return {
    name: "squareColumns",
    parameters: new Array(4).fill(valueType.i32),
    result: null,
    locals: [valueType.i32, valueType.i32, valueType.i32, valueType.v128, valueType.f32],
    code: whileLess(at, end, [
      ...[...getLocal(squares), ...setLocal(place)],
      ...[...roundedEnd(at, width, 16), ...setLocal(lastWhole)],
      ...[...getLocal(at), ...getLocal(width), ...addI32, ...setLocal(last)],
      ...whileLess(at, lastWhole, [
        ...[...getLocal(at), ...vector.load(), ...setLocal(value), ...half(0, "low"), ...half(16, "high")],
        ...[...increase(at, 16), ...increase(place, 32)],
      ]),
      ...whileLess(at, last, [
        ...[...getLocal(at), ...loadF32, ...setLocal(single)],
        ...[...getLocal(place), ...getLocal(place), ...loadF64, ...squareF32(single), ...addF64, ...storeF64],
        ...[...increase(at, 4), ...increase(place, 8)],
      ]),
    ]),
  };
}

/** `squareRows(at, end, width, squares)`: adds the squares of each row to its float64 number. */
export function writeSquareRowsKernel(): WasmFunction {
  const [at, end, width, squares, lastWhole, last, value, sums, total, single] = [
    0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
  ];
  const half = (part: "low" | "high") => [
    ...[...getLocal(sums), ...squareHalf(value, part), ...vector.addF64, ...setLocal(sums)],
  ];
  return {
    name: "squareRows",
    parameters: new Array(4).fill(valueType.i32),
    result: null,
    locals: [
      ...[valueType.i32, valueType.i32, valueType.v128, valueType.v128],
      ...[valueType.f64, valueType.f32],
    ],
    code: whileLess(at, end, [
      ...[...vector.constant(0), ...setLocal(sums)],
      ...[...roundedEnd(at, width, 16), ...setLocal(lastWhole)],
      ...[...getLocal(at), ...getLocal(width), ...addI32, ...setLocal(last)],
      ...whileLess(at, lastWhole, [
        ...[...getLocal(at), ...vector.load(), ...setLocal(value), ...half("low"), ...half("high")],
        ...increase(at, 16),
      ]),
      ...[...getLocal(sums), ...vector.laneF64(0), ...getLocal(sums), ...vector.laneF64(1), ...addF64],
      ...setLocal(total),
      ...whileLess(at, last, [
        ...[...getLocal(at), ...loadF32, ...setLocal(single)],
        ...[...getLocal(total), ...squareF32(single), ...addF64, ...setLocal(total), ...increase(at, 4)],
      ]),
      ...[...getLocal(squares), ...getLocal(squares), ...loadF64, ...getLocal(total), ...addF64, ...storeF64],
      ...increase(squares, 8),
    ]),
  };
}

/** `scaleColumns(at, end, width, factors)`: each column times its float32 factor; `scaleRows`: each row. */
export function writeScaleKernel(units: "rows" | "columns"): WasmFunction {
  const [at, end, width, factors, place, lastWhole, last, factor] = [0, 1, 2, 3, 4, 5, 6, 7];
  const byRows = units === "rows";
  const factors4 = byRows ? [...getLocal(factor), ...vector.splat] : [...getLocal(place), ...vector.load()];
  const factor1 = byRows ? getLocal(factor) : [...getLocal(place), ...loadF32];
  const advance = (bytes: number) => [...increase(at, bytes), ...(byRows ? [] : increase(place, bytes))];
  return {
    name: byRows ? "scaleRows" : "scaleColumns",
    parameters: new Array(4).fill(valueType.i32),
    result: null,
    locals: [valueType.i32, valueType.i32, valueType.i32, valueType.f32],
    code: whileLess(at, end, [
      ...(byRows
        ? [...getLocal(factors), ...loadF32, ...setLocal(factor), ...increase(factors, 4)]
        : [...getLocal(factors), ...setLocal(place)]),
      ...[...roundedEnd(at, width, 16), ...setLocal(lastWhole)],
      ...[...getLocal(at), ...getLocal(width), ...addI32, ...setLocal(last)],
      ...whileLess(at, lastWhole, [
        ...[...getLocal(at), ...getLocal(at), ...vector.load(), ...factors4, ...vector.multiply],
        ...[...vector.store(), ...advance(16)],
      ]),
      ...whileLess(at, last, [
        ...[...getLocal(at), ...getLocal(at), ...loadF32, ...factor1, ...multiplyF32, ...storeF32],
        ...advance(4),
      ]),
    ]),
  };
}

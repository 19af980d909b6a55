/** Value types of WebAssembly (core specification, section 5.3). */
export const valueType = { i32: 0x7f, f32: 0x7d, f64: 0x7c, v128: 0x7b } as const;
export type ValueType = (typeof valueType)[keyof typeof valueType];

/** One exported function: its type, its locals behind the parameters, and its instructions without the final `end`. */
export interface WasmFunction {
  readonly name: string;
  readonly parameters: readonly ValueType[];
  readonly result: ValueType | null;
  readonly locals: readonly ValueType[];
  readonly code: readonly number[];
}

/** A whole number in LEB128, unsigned (section 5.2.2). */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 128) {
    bytes.push((rest % 128) | 128);
    rest = Math.floor(rest / 128);
  }
  bytes.push(rest);
  return bytes;
}

/** A whole number in LEB128, signed. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  for (;;) {
    const low = rest & 127;
    rest >>= 7;
    if ((rest === 0 && (low & 64) === 0) || (rest === -1 && (low & 64) !== 0)) return [...bytes, low];
    bytes.push(low | 128);
  }
}

/** A module that imports the memory `host.memory` and exports functions (section 5.5). */
export function writeWasmModule(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const vector = (items: readonly (readonly number[])[]) => [...unsigned(items.length), ...items.flat()];
  const section = (id: number, bytes: readonly number[]) => [id, ...unsigned(bytes.length), ...bytes];
  const text = (value: string) => {
    const bytes = [...new TextEncoder().encode(value)];
    return [...unsigned(bytes.length), ...bytes];
  };
  const types = functions.map(({ parameters, result }) => [
    0x60,
    ...unsigned(parameters.length),
    ...parameters,
    ...(result === null ? [0] : [1, result]),
  ]);
  const bodies = functions.map(({ locals, code }) => {
    const body = [...vector(locals.map((type) => [1, type])), ...code, 0x0b];
    return [...unsigned(body.length), ...body];
  });
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
    ...section(1, vector(types)),
    ...section(2, vector([[...text("host"), ...text("memory"), 0x02, 0x00, 1]])),
    ...section(3, vector(functions.map((_, i) => unsigned(i)))),
    ...section(7, vector(functions.map(({ name }, i) => [...text(name), 0x00, ...unsigned(i)]))),
    ...section(10, vector(bodies)),
  ]);
}

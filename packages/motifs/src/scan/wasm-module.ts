/** Opcodes of WebAssembly 2.0 that the filter is written in; those of the vector extension carry its prefix 0xfd. */
export const op = {
  loop: [0x03, 0x40],
  if: [0x04, 0x40],
  end: [0x0b],
  branchIf: 0x0d,
  getLocal: 0x20,
  setLocal: 0x21,
  i32Store: 0x36,
  i32Const: 0x41,
  i32LessUnsigned: [0x49],
  i32Add: [0x6a],
  i32And: [0x71],
  i32Or: [0x72],
  i32ShiftLeft: [0x74],
  vectorLoad: [0xfd, 0x00],
  vectorStore: [0xfd, 0x0b],
  swizzle: [0xfd, 0x0e],
  splatByte: [0xfd, 0x0f],
  lessOrEqualBytes: [0xfd, 0x2a],
  greaterOrEqualBytes: [0xfd, 0x2c],
  vectorOr: [0xfd, 0x50],
  anyTrue: [0xfd, 0x53],
  bitMask: [0xfd, 0x64],
  addSaturating: [0xfd, 0x70],
  shiftLeftBytes: [0xfd, 0x6b],
  minimum: [0xfd, 0x77],
  maximum: [0xfd, 0x79],
} as const;

export const typeI32 = 0x7f;
export const typeVector = 0x7b;

/** A function of a module: all parameters and the result are i32. */
export interface WasmFunction {
  readonly name: string;
  readonly parameters: number;
  /** Types of the locals after the parameters. */
  readonly locals: readonly number[];
  /** Its instructions, without the final end. */
  readonly body: readonly number[];
}

/** Unsigned LEB128. */
export function unsigned(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  do {
    const low = rest & 0x7f;
    rest >>>= 7;
    bytes.push(rest === 0 ? low : low | 0x80);
  } while (rest !== 0);
  return bytes;
}

/** Signed LEB128 of a 32-bit number. */
export function signed(value: number): number[] {
  const bytes: number[] = [];
  let rest = value | 0;
  for (;;) {
    const low = rest & 0x7f;
    rest >>= 7;
    if ((rest === 0 && (low & 0x40) === 0) || (rest === -1 && (low & 0x40) !== 0)) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

/** A binary module of functions over the imported memory env.memory (WebAssembly core specification, section 5). */
export function assembleModule(functions: readonly WasmFunction[]): Uint8Array<ArrayBuffer> {
  const arities = [...new Set(functions.map(({ parameters }) => parameters))];
  const types = arities.map((count) => [0x60, ...vector(Array(count).fill([typeI32])), 1, typeI32]);
  const memoryImport = [...text("env"), ...text("memory"), 0x02, 0x00, 0x01];
  return Uint8Array.from([
    ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
    ...section(1, vector(types)),
    ...section(2, vector([memoryImport])),
    ...section(3, vector(functions.map(({ parameters }) => unsigned(arities.indexOf(parameters))))),
    ...section(7, vector(functions.map(({ name }, index) => [...text(name), 0x00, ...unsigned(index)]))),
    ...section(
      10,
      vector(
        functions.map(({ locals, body }) => {
          const code = [...vector(locals.map((type) => [1, type])), ...body, ...op.end];
          return [...unsigned(code.length), ...code];
        }),
      ),
    ),
  ]);
}

function section(id: number, content: readonly number[]): number[] {
  return [id, ...unsigned(content.length), ...content];
}

function vector(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()];
}

function text(value: string): number[] {
  const bytes = new TextEncoder().encode(value);
  return [...unsigned(bytes.length), ...bytes];
}

/** Writes the protocol buffer wire format: the few field types that ONNX models are made of. */
export class ProtobufWriter {
  #parts: Uint8Array[] = [];
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** A varint field; negative numbers take ten bytes, as int64 fields do. */
  integer(field: number, value: number): this {
    return this.#append(Uint8Array.from([...varint(field * 8), ...varint(value)]));
  }

  /** A 32-bit floating point field. */
  float(field: number, value: number): this {
    const bytes = new Uint8Array(4);
    new DataView(bytes.buffer).setFloat32(0, value, true);
    return this.#append(Uint8Array.from(varint(field * 8 + 5))).#append(bytes);
  }

  /** A field of bytes; they are referred to, not copied, until {@link finish}. */
  bytes(field: number, value: Uint8Array): this {
    return this.#append(Uint8Array.from([...varint(field * 8 + 2), ...varint(value.length)])).#append(value);
  }

  text(field: number, value: string): this {
    return this.bytes(field, new TextEncoder().encode(value));
  }

  message(field: number, value: ProtobufWriter): this {
    this.#append(Uint8Array.from([...varint(field * 8 + 2), ...varint(value.#length)]));
    for (const part of value.#parts) this.#append(part);
    return this;
  }

  finish(): Uint8Array {
    const result = new Uint8Array(this.#length);
    let at = 0;
    for (const part of this.#parts) {
      result.set(part, at);
      at += part.length;
    }
    return result;
  }

  #append(bytes: Uint8Array): this {
    this.#parts.push(bytes);
    this.#length += bytes.length;
    return this;
  }
}

function varint(value: number): number[] {
  let rest = BigInt.asUintN(64, BigInt(value));
  const bytes: number[] = [];
  while (rest >= 128n) {
    bytes.push(Number(rest & 127n) | 128);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return bytes;
}

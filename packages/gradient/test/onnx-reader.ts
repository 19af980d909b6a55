// A reader of just enough of the ONNX format to check what the writer writes.

type Fields = Map<number, (number | Uint8Array)[]>;

/** Splits a protocol buffer message into its fields. */
export function readMessage(bytes: Uint8Array): Fields {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const fields: Fields = new Map();
  let at = 0;
  const varint = (): number => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++];
      value |= BigInt(byte & 127) << shift;
      if (byte < 128) return Number(BigInt.asIntN(64, value));
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const list = fields.get(key >>> 3) ?? [];
    fields.set(key >>> 3, list);
    const type = key & 7;
    if (type === 0) list.push(varint());
    else if (type === 5) {
      list.push(view.getFloat32(at, true));
      at += 4;
    } else if (type === 2) {
      const length = varint();
      if (at + length > bytes.length) throw new Error("a field extends past its message");
      list.push(bytes.subarray(at, at + length));
      at += length;
    } else throw new Error(`wire type ${type}`);
  }
  return fields;
}

const texts = (fields: Fields, field: number) =>
  (fields.get(field) ?? []).map((value) => new TextDecoder().decode(value as Uint8Array));
const messages = (fields: Fields, field: number) =>
  (fields.get(field) ?? []).map((value) => readMessage(value as Uint8Array));

export interface OnnxModel {
  readonly representation: number;
  readonly operatorSet: number;
  readonly metadata: Record<string, string>;
  readonly nodes: { type: string; inputs: string[]; outputs: string[] }[];
  readonly initialisers: Map<string, { type: number; shape: number[]; bytes: Uint8Array }>;
  readonly inputs: Map<string, (number | string)[]>;
  readonly outputs: Map<string, (number | string)[]>;
}

export function readOnnx(bytes: Uint8Array): OnnxModel {
  const model = readMessage(bytes);
  const [graph] = messages(model, 7);
  const values = (field: number) =>
    new Map(
      messages(graph, field).map((value) => {
        const [tensor] = messages(messages(value, 2)[0], 1);
        const dimensions = (messages(tensor, 2)[0] ? messages(messages(tensor, 2)[0], 1) : []).map(
          (dimension) => (dimension.get(1)?.[0] as number | undefined) ?? texts(dimension, 2)[0],
        );
        return [texts(value, 1)[0], dimensions] as const;
      }),
    );
  return {
    representation: model.get(1)![0] as number,
    operatorSet: messages(model, 8)[0].get(2)![0] as number,
    metadata: Object.fromEntries(
      messages(model, 14).map((entry) => [texts(entry, 1)[0], texts(entry, 2)[0]]),
    ),
    nodes: messages(graph, 1).map((node) => ({
      type: texts(node, 4)[0],
      inputs: texts(node, 1),
      outputs: texts(node, 2),
    })),
    initialisers: new Map(
      messages(graph, 5).map((tensor) => [
        texts(tensor, 8)[0],
        {
          type: tensor.get(2)![0] as number,
          shape: (tensor.get(1) ?? []) as number[],
          bytes: tensor.get(9)![0] as Uint8Array,
        },
      ]),
    ),
    inputs: values(11),
    outputs: values(12),
  };
}

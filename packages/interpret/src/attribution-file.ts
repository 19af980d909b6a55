import {
  type ByteSink,
  type ByteSource,
  type NpyArray,
  readNpz,
  unknownBase,
  writeNpz,
} from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";
import type { SequencePlace, SequenceTask } from "@bindscape/study";
import { z } from "zod";

/** Attributions of sequences with all that is known of the sequences: what an attribution .npz file holds. */
export interface AttributionFile {
  /** File it was read from, or what made it: for errors and records. */
  readonly source: string;
  /** How the attributions were made: "deeplift", "ism" and so on; empty where the file does not say. */
  readonly method: string;
  /** Number of sequences. */
  readonly count: number;
  /** bp of each sequence. */
  readonly length: number;
  /** [count, 4, length]: A, C, G, T. */
  readonly attributions: Float32Array;
  /** [count, 4, length]: what every base would get at each position; absent where the method has none. */
  readonly hypothetical?: Float32Array;
  /** [count, targets] probabilities; absent in files of other tools. */
  readonly predictions?: Float32Array;
  /** [count, length]: A, C, G, T = 0..3, unknown = 4. */
  readonly codes: Uint8Array;
  /** [count, tasks]: 1 bound, 0 unbound, NaN where the label is missing; absent where nothing says. */
  readonly labels?: Float32Array;
  /** [count, 2]: first base and end of each core motif, counted in the sequence as stored, half-open. */
  readonly cores?: Int32Array;
  /** [count]: 1 where the core motif reads forward in the sequence as stored, -1 where backward; absent: unknown. */
  readonly strands?: Int8Array;
  /** [count]: how far a window's values are from the sum that the method promises; absent where it promises none. */
  readonly deltas?: Float32Array;
  /** Index of the explained target among those of `predictions`. */
  readonly target: number;
  /** What of the target is explained; "logit" where the file does not say. */
  readonly of: "logit" | "probability";
  /** Of the targets; empty where unknown. */
  readonly tasks: readonly SequenceTask[];
  readonly names?: readonly string[];
  readonly places?: readonly SequencePlace[];
}

const metadataSchema = z.object({
  method: z.string().default(""),
  target: z.number().int().min(0).default(0),
  of: z.enum(["logit", "probability"]).default("logit"),
  tasks: z.array(z.object({ factor: z.string(), cell: z.string() })).default([]),
  names: z.array(z.string()).optional(),
  places: z
    .array(
      z.object({
        chromosome: z.string(),
        start: z.number().int(),
        end: z.number().int(),
        strand: z.enum(["+", "-"]),
      }),
    )
    .optional(),
});

/**
 * The arrays of an attribution file, in the order of the file: `attributions`, `predictions`, `hypothetical`, `sequences`
 * (codes), `labels`, `cores`, `strands`, `deltas`, and `metadata`, the bytes of a JSON text in UTF-8 with `method`, `target`,
 * `of`, `tasks`, `names` and `places`: in Python `json.loads(bytes(file["metadata"]))`, nothing has to be unpickled.
 * @throws BindscapeError where an array's length does not fit `count` and `length`
 */
export function attributionArrays(file: AttributionFile): Map<string, NpyArray> {
  const { count, length, codes, tasks, names, places, method, target, of } = file;
  const arrays = new Map<string, NpyArray>();
  const put = (name: string, data: NpyArray["data"] | undefined, shape: readonly number[]) => {
    if (data === undefined) return;
    if (data.length !== shape.reduce((product, size) => product * size, 1)) {
      throw new BindscapeError({
        source: file.source,
        found: `${data.length} elements in ${name}`,
        expected: `the shape (${shape.join(", ")})`,
      });
    }
    arrays.set(name, { shape, data });
  };
  put("attributions", file.attributions, [count, 4, length]);
  if (file.predictions) put("predictions", file.predictions, [count, columnsOf(file.predictions, count)]);
  put("hypothetical", file.hypothetical, [count, 4, length]);
  put("sequences", codes, [count, length]);
  if (file.labels) put("labels", file.labels, [count, columnsOf(file.labels, count)]);
  put("cores", file.cores, [count, 2]);
  put("strands", file.strands, [count]);
  put("deltas", file.deltas, [count]);
  const metadata = new TextEncoder().encode(JSON.stringify({ method, target, of, tasks, names, places }));
  put("metadata", metadata, [metadata.length]);
  return arrays;
}

/** Writes an attribution file; see {@link attributionArrays}. */
export async function writeAttributionFile(sink: ByteSink, file: AttributionFile): Promise<void> {
  await writeNpz(sink, attributionArrays(file));
}

/**
 * Reads an attribution file. Files of other tools need `attributions` [N, 4, L] and `sequences`, codes [N, L] or one-hot
 * [N, 4, L]; all else is optional.
 * @throws BindscapeError for a damaged file, a missing array, a wrong shape, attributions that are no finite numbers
 */
export async function readAttributionFile(source: ByteSource): Promise<AttributionFile> {
  const arrays = await readNpz(source);
  const reader = new ArrayReader(source.name, arrays);
  const attributions = reader.require("attributions", "[N, 4, L]", 3);
  const [count, bases, length] = attributions.shape;
  if (bases !== 4) throw reader.misshapen("attributions", "[N, 4, L], bases A, C, G, T in the middle");
  if (count === 0 || length === 0)
    throw reader.misshapen("attributions", "at least one sequence and one base");
  const values = toFloat32(attributions);
  const bad = values.findIndex((value) => !Number.isFinite(value));
  if (bad >= 0) {
    throw new BindscapeError({
      source: source.name,
      found: `the attribution ${values[bad]} in sequence ${Math.floor(bad / (4 * length)) + 1}, position ${(bad % length) + 1}`,
      expected: "finite numbers",
      next: "Make the file again: a model whose weights overflowed gives such values",
    });
  }
  const metadata = reader.metadata(count);
  const optional = (name: string, shape: readonly (number | null)[]) => reader.optional(name, shape);
  const numbers = (name: string, shape: readonly (number | null)[]) => {
    const array = optional(name, shape);
    return array && toFloat32(array);
  };
  const cores = optional("cores", [count, 2]);
  const strands = optional("strands", [count]);
  return {
    source: source.name,
    count,
    length,
    attributions: values,
    hypothetical: numbers("hypothetical", [count, 4, length]),
    predictions: numbers("predictions", [count, null]),
    codes: reader.codes(count, length),
    labels: numbers("labels", [count, null]),
    cores: cores && checkCores(Int32Array.from(cores.data as ArrayLike<number>, Number), length, source.name),
    strands:
      strands && Int8Array.from(strands.data as ArrayLike<number>, (value) => Math.sign(Number(value))),
    deltas: numbers("deltas", [count]),
    ...metadata,
  };
}

/** Columns of an array of `count` rows; not whole where the length does not fit, which the check of shapes tells. */
function columnsOf(data: Float32Array, count: number): number {
  return data.length / Math.max(1, count);
}

function toFloat32({ data }: NpyArray): Float32Array {
  return data instanceof Float32Array ? data : Float32Array.from(data as ArrayLike<number>, Number);
}

function checkCores(cores: Int32Array, length: number, source: string): Int32Array {
  for (let i = 0; i < cores.length; i += 2) {
    if (cores[i] >= 0 && cores[i] < cores[i + 1] && cores[i + 1] <= length) continue;
    throw new BindscapeError({
      source,
      found: `the core ${cores[i]} to ${cores[i + 1]} of sequence ${i / 2 + 1}`,
      expected: `0-based start and end within its ${length} bp`,
    });
  }
  return cores;
}

/** Arrays by name, with the errors that a missing or misshapen one makes. */
class ArrayReader {
  constructor(
    readonly source: string,
    readonly arrays: ReadonlyMap<string, NpyArray>,
  ) {}

  require(name: string, form: string, axes: number): NpyArray {
    const array = this.arrays.get(name);
    if (array === undefined) {
      const names = [...this.arrays.keys()];
      throw new BindscapeError({
        source: this.source,
        found: names.length === 0 ? "no arrays" : `no array "${name}" among ${names.slice(0, 12).join(", ")}`,
        expected: `the array "${name}", ${form}`,
        next: "`bindscape interpret BUNDLE --method ... --out FILE.npz` writes such files",
      });
    }
    if (array.shape.length !== axes) throw this.misshapen(name, form);
    return array;
  }

  /** An array whose axes are as long as said, any length where null is said; undefined where there is none. */
  optional(name: string, shape: readonly (number | null)[]): NpyArray | undefined {
    const array = this.arrays.get(name);
    if (array === undefined) return undefined;
    const fits =
      array.shape.length === shape.length &&
      shape.every((size, axis) => size === null || size === array.shape[axis]);
    if (!fits) throw this.misshapen(name, `(${shape.map((size) => size ?? "any").join(", ")})`);
    return array;
  }

  misshapen(name: string, expected: string): BindscapeError {
    return new BindscapeError({
      source: this.source,
      found: `the shape (${this.arrays.get(name)?.shape.join(", ")}) of "${name}"`,
      expected,
    });
  }

  /** Codes from codes [N, L] or one-hot [N, 4, L]; a position without exactly one base is unknown. */
  codes(count: number, length: number): Uint8Array {
    const form = "codes [N, L] (A, C, G, T = 0..3, unknown = 4) or one-hot [N, 4, L]";
    const { shape, data } = this.require("sequences", form, this.arrays.get("sequences")?.shape.length ?? 2);
    const isOneHot = shape.length === 3;
    const expected = isOneHot ? [count, 4, length] : [count, length];
    if (shape.length < 2 || shape.length > 3 || expected.some((size, axis) => size !== shape[axis])) {
      throw this.misshapen("sequences", `${form} of ${count} sequences of ${length} bp`);
    }
    if (!isOneHot) {
      return Uint8Array.from(data as ArrayLike<number>, (value) => {
        const code = Number(value);
        return code >= 0 && code < unknownBase ? code : unknownBase;
      });
    }
    const codes = new Uint8Array(count * length).fill(unknownBase);
    for (let i = 0; i < count; i++) {
      for (let base = 0; base < 4; base++) {
        const from = (i * 4 + base) * length;
        for (let k = 0; k < length; k++) if (Number(data[from + k]) > 0.5) codes[i * length + k] = base;
      }
    }
    return codes;
  }

  metadata(count: number): Pick<AttributionFile, "method" | "target" | "of" | "tasks" | "names" | "places"> {
    const bytes = this.arrays.get("metadata")?.data;
    if (bytes === undefined) return metadataSchema.parse({});
    let parsed: z.infer<typeof metadataSchema>;
    try {
      parsed = metadataSchema.parse(JSON.parse(new TextDecoder().decode(bytes as Uint8Array)));
    } catch (cause) {
      throw new BindscapeError({
        source: this.source,
        found: 'an array "metadata" that is no description of sequences',
        expected: "the bytes of a JSON text with method, target, tasks, names and places",
        cause,
      });
    }
    for (const [what, list] of [
      ["names", parsed.names],
      ["places", parsed.places],
    ] as const) {
      if (list === undefined || list.length === count) continue;
      throw new BindscapeError({
        source: this.source,
        found: `${list.length} ${what} of ${count} sequences`,
        expected: "one a sequence",
      });
    }
    return parsed;
  }
}

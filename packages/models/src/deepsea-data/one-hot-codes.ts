import { unknownBase } from "@bindscape/genome";
import { BindscapeError } from "@bindscape/numerics";

/** Orders in which one-hot channels may stand for bases; DeepSEA's files have A, G, C, T. */
export const CHANNEL_ORDERS = ["AGCT", "ACGT", "ATCG"] as const;
export type ChannelOrder = (typeof CHANNEL_ORDERS)[number];

/**
 * Base codes of one-hot sequences. A base without any channel, or with the same in all four, is unknown.
 * @param at index in `values` of a sequence, channel and position
 * @param into [count, length]
 */
export function decodeOneHot(
  values: ArrayLike<number>,
  at: (sequence: number, channel: number, position: number) => number,
  count: number,
  length: number,
  order: ChannelOrder,
  into: Uint8Array,
  source: string,
): void {
  const codes = [...order].map((base) => "ACGT".indexOf(base));
  for (let sequence = 0; sequence < count; sequence++) {
    for (let position = 0; position < length; position++) {
      let code = unknownBase;
      let set = 0;
      let sum = 0;
      for (let channel = 0; channel < 4; channel++) {
        const value = values[at(sequence, channel, position)];
        sum += value;
        if (value === 1) {
          code = codes[channel];
          set++;
        }
      }
      const isUnknown = set === 0 && (sum === 0 || Math.abs(sum - 1) < 1e-6);
      if (!isUnknown && (set !== 1 || sum !== 1)) {
        throw new BindscapeError({
          source,
          found: `sequence ${sequence + 1}, position ${position + 1}: channels that sum to ${sum}, ${set} of them 1`,
          expected: "one channel of 1, or none",
          next: "Is this one-hot sequence?",
        });
      }
      into[sequence * length + position] = code;
    }
  }
}

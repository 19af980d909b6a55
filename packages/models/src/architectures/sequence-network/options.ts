import { z } from "zod";
import { networkStrands } from "../../network/network-strands.js";

/** A share of values that dropout takes away. */
export const dropoutShare = z.number().min(0).max(0.95);

/** Options that DeepSEA and DanQ have alike. */
export const sequenceNetworkShape = {
  windowLength: z
    .int()
    .min(10)
    .max(100_000)
    .default(1000)
    .describe("Window length in bp (the length of the sequences)"),
  padding: z
    .enum(["valid", "same"])
    .default("valid")
    .describe("Convolutions without zeros around the window, or with as many as keep its length"),
  dense: z.int().min(1).max(8192).default(925).describe("Units of the dense layer"),
  initialisation: z
    .enum(["glorot", "truncated-normal", "fan-in"])
    .default("glorot")
    .describe(
      "First values of kernels: Glorot's uniform, normal of 0.01 cut at two standard deviations, or uniform by fan-in as in Torch 7",
    ),
  baseOrder: z
    .enum(["ACGT", "ATCG", "AGCT"])
    .default("ACGT")
    .describe(
      "Order of the bases in the first kernels, for weights of other programs: AGCT as published DeepSEA and DanQ, ATCG as AgentBind",
    ),
  unknownBases: z
    .enum(["zero", "quarter"])
    .default("quarter")
    .describe("What N is to the network: 0 or 0.25 in all four channels"),
  strands: networkStrands
    .default("separate")
    .describe(
      "The windows as they are; both strands as samples of their own in training; or that, and predictions averaged over both",
    ),
  signal: z
    .boolean()
    .default(false)
    .describe("Channels of the study's tracks beside the bases: an extension"),
};

/** The bp-wise order in which the first kernels have their bases: entry c is the base, A C G T = 0..3, of channel c. */
export function channelsOf(baseOrder: string): number[] {
  return [...baseOrder].map((base) => "ACGT".indexOf(base));
}

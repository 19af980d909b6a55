import { parentPort, workerData } from "node:worker_threads";
import { type HashRange, KmerCounter, type KmerCounterOptions } from "./k-mer-counter.js";

/** What a counting thread starts with: the shared genome and its range of hash values. */
export interface MappabilityPart {
  readonly codes: Uint8Array;
  readonly options: Omit<KmerCounterOptions, "pause">;
  readonly range: HashRange;
}

export interface MappabilityReply {
  readonly share: number;
  readonly finished: boolean;
}

const { codes, options, range } = workerData as MappabilityPart;
const tell = (reply: MappabilityReply) => parentPort!.postMessage(reply);
const counter = new KmerCounter(codes, { ...options, pause: (share) => tell({ share, finished: false }) });
await counter.count(range);
tell({ share: 1, finished: true });

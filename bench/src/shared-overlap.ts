import { factorNet, type Network, predictWindows } from "@bindscape/models";
import { Random } from "@bindscape/numerics";
import { allocateShared, type WindowRequest, type WindowSource } from "@bindscape/study";
import { type Figure, makeFigure, runPeer } from "./figure.js";
import { measureLargeNetworks } from "./shared-large-networks.js";
import { untrainedNetwork } from "./untrained-network.js";

const threads = 2;
const tracks = ["accessibility", "mappability"];
const step = 50;
/** Bins predicted in one measurement. */
const bins = 60_000;

interface Speed {
  readonly binsPerSecond: number;
  /** Processor time of all threads. */
  readonly microsecondsPerBin: number;
}

/**
 * Predicting along a chromosome, a bin every 50 bp: what windows share computed once against window by window,
 * and against PyTorch window by window (both strands, batches of 100). The paper preset has Keras 1's hard-sigmoid
 * gates, which PyTorch's LSTM has not: the comparison with it is between networks with sigmoid gates.
 */
export async function run(): Promise<Figure[]> {
  const source = randomGenome(bins * step + 1000);
  const figures: Figure[] = [];
  const networks = [
    ["paper preset, sigmoid gates", { gates: "sigmoid" }],
    ["paper preset", {}],
    [
      "compact preset, no features",
      { ...factorNet.presets.compact.options, binFeatures: "none", linearFeatures: false },
    ],
  ] as const;
  for (const [name, options] of networks) {
    const network = untrainedNetwork(options, tracks);
    const shared = await fastest(network, source, true);
    const single = await fastest(network, source, false);
    const compare = (what: string, peerName: string, peer: Speed) => {
      figures.push(
        makeFigure(`${name}: ${what}`, shared.binsPerSecond, "bins/s", "more", {
          name: peerName,
          value: peer.binsPerSecond,
        }),
        makeFigure(`${name}: ${what}, processor time`, shared.microsecondsPerBin, "us/bin", "less", {
          name: peerName,
          value: peer.microsecondsPerBin,
        }),
      );
    };
    compare("shared overlap", "window by window", single);
    if ("gates" in options) {
      const peer = runPeer("shared_overlap.py", [`${threads}`]);
      if (peer)
        compare("shared overlap against PyTorch", "PyTorch, window by window", peer as unknown as Speed);
    }
  }
  return [...figures, ...(await measureLargeNetworks())];
}

/** The best of some runs, of time and of processor time each: what else the machine does only adds to them. */
async function fastest(network: Network, source: WindowSource, sharedOverlap: boolean): Promise<Speed> {
  const request: WindowRequest = {
    segmentIndices: new Uint32Array(bins),
    binStarts: Int32Array.from({ length: bins }, (_, bin) => bin * step),
  };
  let [seconds, processor] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = 0; i < 4; i++) {
    const start = performance.now();
    const before = process.cpuUsage();
    await predictWindows(network, source, request, { threads, sharedOverlap });
    const used = process.cpuUsage(before);
    seconds = Math.min(seconds, (performance.now() - start) / 1000);
    processor = Math.min(processor, used.user + used.system);
  }
  return { binsPerSecond: bins / seconds, microsecondsPerBin: processor / bins };
}

function randomGenome(size: number): WindowSource {
  const random = new Random("shared-overlap");
  const codes = new Uint8Array(allocateShared(size));
  for (let i = 0; i < size; i++) codes[i] = random.integer(4);
  return {
    segments: [{ chromosome: "chr1", start: 0, end: size, offset: 0 }],
    codes,
    tracks: tracks.map((name) => {
      const values = new Float32Array(allocateShared(4 * size));
      for (let i = 0; i < size; i++) values[i] = random.uniform();
      return { name, unit: "cuts", values, log: false };
    }),
  };
}

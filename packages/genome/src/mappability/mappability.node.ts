import { setImmediate } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { BindscapeError, type ProgressListener } from "@bindscape/numerics";
import { writeBigWigFile } from "../bigwig/write.node.js";
import { openFile } from "../byte-source.node.js";
import { readFasta } from "../fasta/read.js";
import { TwoBitReader } from "../two-bit/read.js";
import type { MappabilityPart, MappabilityReply } from "./count-part.node.js";
import { type JoinedGenome, layOutGenome } from "./joined-genome.js";
import { KmerCounter } from "./k-mer-counter.js";
import { tallyOccurrences, uniquenessRuns } from "./uniqueness.js";

export interface MappabilityOptions {
  /** Length of the subsequences in bp; FactorNet uses 35. */
  readonly k: number;
  /** Count occurrences on the reverse strand too; false where left out, as Duke's track has it. */
  readonly bothStrands?: boolean;
  /** Only these chromosomes, in this order; all where left out. */
  readonly chromosomes?: readonly string[];
  /** Bytes of the tables of k-mers of all threads together; 1 GiB where left out. The genome takes a byte a base. */
  readonly tableBytes?: number;
  /** Threads; 1 where left out. */
  readonly threads?: number;
  readonly onProgress?: ProgressListener;
  readonly signal?: AbortSignal;
}

export interface MappabilityResult {
  readonly chromosomes: number;
  readonly bases: number;
  /** Bases by the number of occurrences of the k-mer that starts there. */
  readonly occurrences: { readonly [n in "1" | "2" | "3" | "4" | "more"]: number };
  /** Bases where no k-mer starts: unknown bases follow, or the chromosome ends. */
  readonly without: number;
}

/**
 * Computes how unique the k-mer at every base of a genome is (see `uniquenessRuns`) and writes it as bigWig.
 * @param genome FASTA, plain or compressed, or 2bit
 */
export async function writeMappability(
  genome: string,
  output: string,
  options: MappabilityOptions,
): Promise<MappabilityResult> {
  const threads = options.threads ?? 1;
  const joined = await readJoinedGenome(genome, options, threads > 1);
  await countKmers(joined, options, threads);
  options.signal?.throwIfAborted();
  await writeBigWigFile(output, joined.chromosomes, uniquenessRuns(joined));
  const [without, one, two, three, four, more] = tallyOccurrences(joined);
  return {
    chromosomes: joined.chromosomes.length,
    bases: joined.chromosomes.reduce((sum, { size }) => sum + size, 0),
    occurrences: { 1: one, 2: two, 3: three, 4: four, more },
    without,
  };
}

/** A genome file in one array. Of a 2bit file one chromosome at a time is in memory besides. */
async function readJoinedGenome(
  file: string,
  { chromosomes, onProgress, signal }: MappabilityOptions,
  shared: boolean,
): Promise<JoinedGenome> {
  const source = await openFile(file);
  try {
    if (!/\.2bit$/i.test(file)) {
      const records = await readFasta(source, { onProgress });
      signal?.throwIfAborted();
      const byName = new Map(records.map((record) => [record.name, record]));
      const names = chooseChromosomes([...byName.keys()], chromosomes, file);
      const sizes = names.map((name) => ({ name, size: byName.get(name)!.codes.length }));
      const joined = layOutGenome(sizes, file, shared);
      for (const { name, offset } of joined.chromosomes) joined.codes.set(byName.get(name)!.codes, offset);
      return joined;
    }
    const reader = await TwoBitReader.open(source);
    const names = chooseChromosomes(reader.names, chromosomes, file);
    const sizes: { name: string; size: number }[] = [];
    for (const name of names) sizes.push({ name, size: await reader.readSize(name) });
    const joined = layOutGenome(sizes, file, shared);
    for (const { name, offset } of joined.chromosomes) {
      signal?.throwIfAborted();
      joined.codes.set((await reader.read(name)).codes, offset);
    }
    return joined;
  } finally {
    await source.close();
  }
}

function chooseChromosomes(
  inFile: readonly string[],
  wanted: readonly string[] | undefined,
  source: string,
): readonly string[] {
  const missing = wanted?.find((name) => !inFile.includes(name));
  if (missing === undefined) return wanted ? [...new Set(wanted)] : inFile;
  throw new BindscapeError({
    source,
    found: `no sequence named "${missing}"`,
    expected: `names such as ${inFile.slice(0, 5).join(", ")}`,
  });
}

async function countKmers(
  { codes }: JoinedGenome,
  { k, bothStrands, tableBytes = 2 ** 30, onProgress, signal }: MappabilityOptions,
  threads: number,
): Promise<void> {
  const shares = new Array<number>(threads).fill(0);
  const report = (thread: number, share: number) => {
    signal?.throwIfAborted();
    shares[thread] = share;
    const done = Math.floor((codes.length * shares.reduce((sum, part) => sum + part, 0)) / threads);
    onProgress?.({ task: `counting ${k}-mers`, done, total: codes.length, unit: "bases" });
  };
  const parts = Array.from({ length: threads }, (_, i) => ({
    from: Math.floor((i * 2 ** 32) / threads),
    to: Math.floor(((i + 1) * 2 ** 32) / threads),
  }));
  const options = { k, bothStrands, tableBytes: tableBytes / threads };
  if (threads === 1) {
    const pause = async (share: number) => {
      report(0, share);
      // Lets Ctrl-C through.
      await setImmediate();
    };
    await new KmerCounter(codes, { ...options, pause }).count();
    return;
  }
  const workers: Worker[] = [];
  try {
    await Promise.all(
      parts.map((range, thread) => {
        const part: MappabilityPart = { codes, options, range };
        return new Promise<void>((fulfil, refuse) => {
          const worker = startWorker(part);
          workers.push(worker);
          worker.on("error", refuse);
          worker.on("exit", (code) => refuse(new Error(`a counting thread ended with code ${code}`)));
          worker.on("message", (reply: MappabilityReply) => {
            try {
              report(thread, reply.share);
              if (reply.finished) fulfil();
            } catch (error) {
              refuse(error as Error);
            }
          });
        });
      }),
    );
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}

/** Threads run the built file, also where this one is run from its source, as those of `study` do. */
function startWorker(part: MappabilityPart): Worker {
  const isSource = import.meta.url.endsWith(".ts");
  const file = isSource ? "../../dist/mappability/count-part.node.js" : "./count-part.node.js";
  return new Worker(new URL(file, import.meta.url), { workerData: part, execArgv: [] });
}

import { type BigWigRun, type ByteSink, writeBigWigFile, writeFileAtomically } from "@bindscape/genome";
import { Random } from "@bindscape/numerics";

/** Lengths of hg38's chromosomes in bp: 3.09 Gb. */
export const hg38: Readonly<Record<string, number>> = {
  chr1: 248_956_422,
  chr2: 242_193_529,
  chr3: 198_295_559,
  chr4: 190_214_555,
  chr5: 181_538_259,
  chr6: 170_805_979,
  chr7: 159_345_973,
  chr8: 145_138_636,
  chr9: 138_394_717,
  chr10: 133_797_422,
  chr11: 135_086_622,
  chr12: 133_275_309,
  chr13: 114_364_328,
  chr14: 107_043_718,
  chr15: 101_991_189,
  chr16: 90_338_345,
  chr17: 83_257_441,
  chr18: 80_373_285,
  chr19: 58_617_616,
  chr20: 64_444_167,
  chr21: 46_709_983,
  chr22: 50_818_468,
  chrX: 156_040_895,
  chrY: 57_227_415,
};

/** Writes a 2bit file of random bases, without ever holding a chromosome. */
export async function writeRandomTwoBit(
  path: string,
  sizes: Readonly<Record<string, number>>,
): Promise<void> {
  const names = Object.entries(sizes);
  const encoder = new TextEncoder();
  const random = new Random("human genome");
  const packed = Uint8Array.from({ length: 1 << 20 }, () => random.integer(256));
  await writeFileAtomically(path, async (sink) => {
    await writeNumbers(sink, [0x1a412743, 0, names.length, 0]);
    let offset = 16 + names.reduce((sum, [name]) => sum + 1 + name.length + 4, 0);
    for (const [name, size] of names) {
      await sink.write(Uint8Array.of(name.length, ...encoder.encode(name)));
      await writeNumbers(sink, [offset]);
      offset += 24 + Math.ceil(size / 4);
    }
    for (const [, size] of names) {
      // One block of N at the start, as telomeres have it; no soft mask.
      await writeNumbers(sink, [size, 1, 0, Math.min(size, 10_000), 0, 0]);
      for (let left = Math.ceil(size / 4); left > 0; left -= packed.length) {
        await sink.write(packed.subarray(0, Math.min(left, packed.length)));
      }
    }
  });
}

async function writeNumbers(sink: ByteSink, numbers: readonly number[]): Promise<void> {
  const bytes = new Uint8Array(4 * numbers.length);
  const view = new DataView(bytes.buffer);
  numbers.forEach((number, i) => {
    view.setUint32(4 * i, number, true);
  });
  await sink.write(bytes);
}

/** Writes a signal track with an interval about every 100 bp, streamed. */
export async function writeRandomTrack(path: string, sizes: Readonly<Record<string, number>>): Promise<void> {
  const random = new Random("human track");
  function* runs(): Generator<BigWigRun> {
    for (const [chromosome, size] of Object.entries(sizes)) {
      const starts: number[] = [];
      const ends: number[] = [];
      const values: number[] = [];
      for (let at = random.integer(100); at + 50 < size; at += 50 + random.integer(100)) {
        starts.push(at);
        ends.push(at + 50);
        values.push(random.integer(50));
        if (starts.length < 100_000) continue;
        yield { chromosome, starts, ends, values };
        starts.length = 0;
        ends.length = 0;
        values.length = 0;
      }
      yield { chromosome, starts, ends, values };
    }
  }
  const chromosomes = Object.entries(sizes).map(([name, size]) => ({ name, size }));
  await writeBigWigFile(path, chromosomes, runs());
}

import { BindscapeError } from "@bindscape/numerics";
import { readBedRecords } from "../bed/read.js";
import type { ByteSource } from "../byte-source.js";
import type { Interval } from "../intervals/interval.js";
import { quote, tooFewColumns } from "../text/fields.js";

/** A line of an ENCODE-DREAM submission: a region and the probability that it is bound. */
export interface DreamPrediction extends Interval {
  readonly probability: number;
  /** 1-based. */
  readonly line: number;
}

/**
 * The lines of an ENCODE-DREAM submission (`F.CTCF.iPSC.tab.gz`: chromosome, start, stop, probability; no header),
 * streamed in the order of the file.
 * @throws BindscapeError with the line for another number of columns and values outside 0 to 1
 */
export async function* readDreamSubmission(source: ByteSource): AsyncGenerator<DreamPrediction> {
  for await (const { chromosome, start, end, line, fields } of readBedRecords(source)) {
    if (fields.length < 4) {
      throw tooFewColumns(source.name, line, fields.length, "chromosome, start, stop and a probability");
    }
    const probability = fields[3].trim() === "" ? Number.NaN : Number(fields[3]);
    if (!(probability >= 0 && probability <= 1)) {
      throw new BindscapeError({
        source: source.name,
        line,
        found: `the probability ${quote(fields[3])}`,
        expected: "a number from 0 to 1 in column 4",
      });
    }
    yield { chromosome, start, end, probability, line };
  }
}

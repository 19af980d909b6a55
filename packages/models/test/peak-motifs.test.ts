import { join } from "node:path";
import { loadStudy, writeSimulatedStudy } from "@bindscape/study";
import { describe, expect, it } from "vitest";
import { discoverInPeaks } from "../src/demo/discover-in-peaks.js";
import { renderPeakMotifs } from "../src/report/peak-motif-section.js";
import { temporaryFolder } from "./helpers.js";

describe("motifs de novo in the peaks of a study", () => {
  it("are the ones that were planted, and are named after them", async () => {
    const { studyFile } = await writeSimulatedStudy(join(temporaryFolder(), "simulated"), { seed: 7 });
    const study = await loadStudy(studyFile);
    const found = await discoverInPeaks(study, { seed: 7 });
    expect(found.map(({ factor }) => factor)).toEqual(study.experiments.map(({ factor }) => factor));
    for (const { factor, motif, match, peaks } of found) {
      expect(match?.target.name).toBe(factor);
      expect(motif!.siteList.length).toBeGreaterThan(peaks / 3);
      expect(motif!.heldOut!.log10P).toBeLessThan(-3);
    }
    const section = renderPeakMotifs([...found, { factor: "<none>", peaks: 3, motif: null, match: null }]);
    for (const { motif } of found) expect(section).toContain(motif!.consensus);
    expect(section).toContain("&lt;none&gt;");
    expect(section).toContain("No word is enriched in 3 peaks");
  });
});

import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { areaUnderRoc, Random } from "@bindscape/numerics";
import { loadStudy, type Study, WindowMaker, type WindowRequest } from "@bindscape/study";
import { beforeAll, describe, expect, it } from "vitest";
import { factorNetOptions } from "../src/architectures/factornet/options.js";
import { readBundle, writeBundle } from "../src/bundle/bundle.node.js";
import { makeRunRecord } from "../src/bundle/run-record.node.js";
import { exportKeras } from "../src/keras/export-keras.node.js";
import { importKeras } from "../src/keras/import-keras.node.js";
import { readKerasWeights } from "../src/keras/read-keras-weights.node.js";
import { predictWindows } from "../src/network/network.node.js";
import { predictRegions } from "../src/predict/predict-regions.node.js";
import { expectClose, expectError, makeStudy, randomCodes, temporaryFolder } from "./helpers.js";
import { naiveFactorNet } from "./naive-factornet.js";

const data = process.env.BINDSCAPE_DATA ?? resolve(import.meta.dirname, "../../../../shared/data");
const models = join(data, "models/factornet");
const gold = join(data, "gold/factornet/FOXA1_onePeak_DGF_predictions.tsv");
const windows = join(data, "human_hg38_regions");
const missing = [models, gold, windows].filter((path) => !existsSync(path));
if (missing.length > 0) {
  console.warn(`SKIPPED: tests of published FactorNet models, which need ${missing.join(", ")}`);
}

describe.skipIf(missing.length > 0)("published FactorNet models", () => {
  const folder = temporaryFolder();
  let study: Study;

  beforeAll(async () => {
    const studyFile = join(folder, "study.yaml");
    await writeFile(
      studyFile,
      `name: published
assembly: { name: hg38, genome: ${join(windows, "sequences.fa.gz")}, pieces: true }
cells: { HepG2: { tracks: [{ name: DGF, file: ${join(windows, "dnase_HepG2_ENCFF136DBS.bw")} }] } }
experiments: [{ factor: FOXA1, cell: HepG2, peaks: none.bed }]
holdOut: { validation: { chromosomes: [chr11] }, test: { chromosomes: [chr2] } }
`,
    );
    study = await loadStudy(studyFile, { factors: [] });
  });

  it("FOXA1 gives the gold values of all windows to 1e-5, through a bundle", async () => {
    const rows = (await readFile(gold, "utf8"))
      .trim()
      .split("\n")
      .slice(1)
      .map((line) => line.split("\t"));
    expect(rows.length).toBe(542);
    const { network, files } = await importKeras(join(models, "FOXA1_onePeak_DGF"));
    expect(network.file.tasks).toEqual([{ factor: "FOXA1", cell: "unknown" }]);
    expect(network.file.plan).toEqual({ windowLength: 1002, binSize: 200, tracks: ["DGF"], features: [] });
    const path = join(folder, "foxa1");
    const run = await makeRunRecord("test", null, files, 0);
    await writeBundle(path, { network, history: [], metrics: {}, run });
    const regions = join(folder, "windows.bed");
    await writeFile(regions, rows.map((row) => `${row.slice(0, 4).join("\t")}\n`).join(""));
    const bundle = await readBundle(path);
    const { scores } = await predictRegions(bundle.network, study, "HepG2", regions, { threads: 2 });
    const expected = rows.map((row) => Number(row[4]));
    expectClose(scores, expected, 1e-5, "FOXA1");

    const chosen = rows.flatMap((row, i) => (row[3] === "FOXA1" || row[3] === "random" ? [i] : []));
    const labels = chosen.map((i) => (rows[i][3] === "FOXA1" ? 1 : 0));
    const found = areaUnderRoc(
      Float64Array.from(chosen, (i) => scores[i]),
      labels,
    );
    const wanted = areaUnderRoc(
      Float64Array.from(chosen, (i) => expected[i]),
      labels,
    );
    expect(found).toBeCloseTo(wanted, 5);
    expect(found).toBeCloseTo(0.948, 3);
  });

  it("HNF4A and GABPA give what loops in float64 give", async () => {
    const codes = randomCodes(6000, "published");
    const random = new Random("published tracks");
    const tracks = ["Unique35", "DGF"].map((name) => ({
      name,
      values: Float32Array.from({ length: codes.length }, () => random.integer(4) / 2),
    }));
    const made = makeStudy({ chromosomes: { c: codes }, tracks });
    const covariates = Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8].map((i) => [`GEPC${i}`, random.normal()]));
    const annotations = ["cpg", "cds", "intron", "promoter", "utr5", "utr3"].map((name, i) => ({
      name,
      segmentFirst: Uint32Array.of(0, 1),
      starts: Int32Array.of(2000 + 300 * i),
      ends: Int32Array.of(2600 + 300 * i),
    }));
    const source = { ...(await made.loadCell("C")), covariates, annotations };
    const request: WindowRequest = {
      segmentIndices: new Uint32Array(3),
      binStarts: Int32Array.of(100, 2500, 3111),
    };
    for (const name of ["HNF4A_onePeak_Unique35_DGF", "GABPA_metaGENCODE_RNAseq_Unique35_DGF"]) {
      const { network } = await importKeras(join(models, name), { cell: "K562" });
      const { plan, options, tasks } = network.file;
      expect(tasks).toEqual([{ factor: name.split("_")[0], cell: "K562" }]);
      expect(plan.tracks).toEqual(["Unique35", "DGF"]);
      expect(plan.features.map((feature) => feature.name)).toEqual(
        name.startsWith("GABPA") ? [...Object.keys(covariates), ...annotations.map((a) => a.name)] : [],
      );
      const batch = new WindowMaker(source, plan).fill(request);
      const expected = naiveFactorNet(
        factorNetOptions.parse(options),
        plan.tracks,
        1,
        network.parameters,
        batch.windows,
        plan.features.length > 0 ? batch.features : null,
      );
      expect(new Set(expected).size).toBe(3);
      expectClose(await predictWindows(network, source, request), expected, 1e-5, name);
    }
  });

  it("come back from an export as they were published", async () => {
    for (const name of ["FOXA1_onePeak_DGF", "GABPA_metaGENCODE_RNAseq_Unique35_DGF"]) {
      const published = join(models, name);
      const { network, files } = await importKeras(published);
      const out = join(folder, name);
      await exportKeras(network, out, await makeRunRecord("test", null, files, 0));
      const weights = await readKerasWeights(join(out, "best_model.hdf5"));
      const original = await readKerasWeights(join(published, "final_model.hdf5"));
      expect([...weights.keys()]).toEqual([...original.keys()]);
      for (const [layer, arrays] of original) {
        const found = weights.get(layer)!;
        const outline = (list: typeof arrays) => list.map(({ name, shape }) => ({ name, shape }));
        expect(outline(found)).toEqual(outline(arrays));
        arrays.forEach(({ data }, i) => {
          expectClose(found[i].data, data, 0, arrays[i].name);
        });
      }
      const layers = async (path: string) => {
        const text = await readFile(join(path, "model.json"), "utf8");
        const { config } = JSON.parse(text) as { config: { layers: { config: { init?: string } }[] } };
        // Theirs start the convolution from one distribution or another.
        for (const layer of config.layers) delete layer.config.init;
        return config;
      };
      expect(await layers(out)).toEqual(await layers(published));
      for (const list of ["bigwig.txt", "chip.txt", "feature.txt"]) {
        const [found, wanted] = await Promise.all(
          [out, published].map((path) => readFile(join(path, list), "utf8")),
        );
        expect(found.trim(), list).toBe(wanted.trim());
      }
    }
  });

  it("says which input a study lacks", async () => {
    const { network } = await importKeras(join(models, "HNF4A_onePeak_Unique35_DGF"));
    const request = { segmentIndices: new Uint32Array(1), binStarts: Int32Array.of(132_367_700) };
    const source = await study.loadCell("HepG2");
    await expectError(() => predictWindows(network, source, request), "Unique35", "DGF");
    const gabpa = await importKeras(join(models, "GABPA_metaGENCODE_RNAseq_Unique35_DGF"), {
      rename: new Map([["DGF", "cuts"]]),
    });
    await expectError(
      () => predictWindows(gabpa.network, source, request),
      'no track named "Unique35", "cuts" in this cell',
    );
    const renamed = await importKeras(join(models, "FOXA1_onePeak_DGF"), {
      rename: new Map([["DGF", "DNase"]]),
    });
    await expectError(
      () => predictWindows(renamed.network, source, request),
      'no track named "DNase"',
      "DGF",
    );
  });
});

import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BindscapeError, Random } from "@bindscape/numerics";
import type { BinFeature, WindowRequest } from "@bindscape/study";
import { beforeAll, describe, expect, it } from "vitest";
import type { FactorNetOptions } from "../src/architectures/factornet/options.js";
import type { RunRecord } from "../src/bundle/run-record.node.js";
import { exportKeras } from "../src/keras/export-keras.node.js";
import { importKeras } from "../src/keras/import-keras.node.js";
import type { KerasLayer } from "../src/keras/keras-model.js";
import { readKerasWeights } from "../src/keras/read-keras-weights.node.js";
import { writeKerasWeights } from "../src/keras/write-keras-weights.node.js";
import type { Network } from "../src/network/describe-network.js";
import { predictWindows } from "../src/network/network.node.js";
import {
  expectClose,
  expectError,
  makeNetwork,
  makeStudy,
  randomCodes,
  temporaryFolder,
  tinyOptions,
} from "./helpers.js";

const folder = temporaryFolder();
const run: RunRecord = {
  command: "test",
  seed: null,
  versions: { bindscape: "0", node: "20" },
  inputs: [],
  finished: "2020-01-01T00:00:00.000Z",
  seconds: 1,
};
const tracks = ["plain", "cuts_fwd", "cuts_rev"];
const covariates = ["PC1", "PC2"].map((name): BinFeature => ({ kind: "covariate", name }));
const annotations = ["cpg", "cds", "intron", "promoter", "utr5", "utr3"].map(
  (name): BinFeature => ({ kind: "overlap", name, annotation: name }),
);
const signal: BinFeature = { kind: "signal", name: "log plain", track: "plain", width: 20, log: true };
const two = ["F", "G"].map((factor) => ({ factor, cell: "C" }));

interface Case {
  readonly name: string;
  readonly options: FactorNetOptions;
  readonly tracks: readonly string[];
  readonly features: readonly BinFeature[];
  readonly tasks?: typeof two;
}

// 60 - 5 + 1 = 56 positions: pools of 7 divide them, pools of 6 leave 2 over.
const cases: Case[] = [
  { name: "convolution and dense layers", options: tinyOptions(), tracks, features: [] },
  {
    name: "LSTM, a pool that leaves a remainder, several outputs",
    options: tinyOptions({ recurrent: 3, poolWidth: 6, dropout: 0.2, denseDropout: 0 }),
    tracks: ["plain"],
    features: [],
    tasks: Array.from({ length: 19 }, (_, i) => ({ factor: `F${i}`, cell: "C" })),
  },
  {
    name: "metadata and soft gates",
    options: tinyOptions({
      recurrent: 2,
      gates: "sigmoid",
      mergeDense: 5,
      covariates: true,
      annotations: true,
    }),
    tracks,
    features: [...covariates, ...annotations],
  },
  {
    name: "features of other kinds and a linear part",
    options: tinyOptions({
      recurrent: 2,
      binFeatures: "signal",
      covariates: true,
      linearFeatures: true,
      convolutionDropout: 0,
    }),
    tracks,
    features: [signal, ...covariates],
    tasks: two,
  },
  {
    name: "tracks alone",
    options: tinyOptions({ sequence: false, recurrent: 2 }),
    tracks,
    features: [],
  },
  {
    name: "one maximum over the window",
    options: tinyOptions({ globalPool: true, dropout: 0.2 }),
    tracks,
    features: [],
    tasks: two,
  },
  {
    name: "one maximum over the window and metadata",
    options: tinyOptions({ globalPool: true, covariates: true, annotations: true }),
    tracks,
    features: [...covariates, ...annotations],
  },
];

function makeCase({ options, tracks, features, tasks = two.slice(0, 1) }: Case): Network {
  const random = new Random("scaling");
  return makeNetwork(
    options,
    { tracks, features, ...(!options.sequence && { sequence: false }) },
    {
      tasks,
      featureScaling: {
        mean: features.map(() => random.normal()),
        scale: features.map(() => 0.5 + random.uniform()),
      },
    },
  );
}

/** Parameters that a build would start from the model file, set as it says: makeNetwork draws them at random. */
function withScaling(network: Network): Network {
  const { mean, scale } = network.file.featureScaling;
  const parameters = new Map(network.parameters);
  if (mean.length > 0) {
    parameters.set("features.mean", Float32Array.from(mean));
    parameters.set(
      "features.inverseScale",
      Float32Array.from(scale, (value) => 1 / value),
    );
  }
  return { file: network.file, parameters };
}

const codes = randomCodes(2000, "keras");
const random = new Random("keras tracks");
const study = makeStudy({
  chromosomes: { c: codes },
  tracks: tracks.map((name) => ({
    name,
    values: Float32Array.from({ length: codes.length }, () => random.integer(3)),
  })),
});
const request: WindowRequest = {
  segmentIndices: new Uint32Array(40),
  binStarts: Int32Array.from({ length: 40 }, (_, i) => i * 47),
};

async function predict(network: Network): Promise<Float32Array> {
  const source = {
    ...(await study.loadCell("C")),
    covariates: { PC1: 0.7, PC2: -1.2 },
    annotations: annotations.map(({ name }, i) => ({
      name,
      segmentFirst: Uint32Array.of(0, 1),
      starts: Int32Array.of(100 * i),
      ends: Int32Array.of(100 * i + 700),
    })),
  };
  return predictWindows(network, source, request, { threads: 1 });
}

describe.each(cases)("an export to Keras: $name", (kind) => {
  const network = withScaling(makeCase(kind));
  const out = join(folder, kind.name.replaceAll(" ", "-"));
  beforeAll(() => exportKeras(network, out, run));

  it("is read back to the same predictions", async () => {
    const { network: back } = await importKeras(out);
    expect(back.file.plan).toEqual(network.file.plan);
    expect(back.file.tasks).toEqual(network.file.tasks);
    const before = await predict(network);
    expect(new Set(before).size).toBeGreaterThan(30);
    expectClose(await predict(back), before, 2e-6);
  });

  it("keeps what training it further would need", async () => {
    const { network: back } = await importKeras(out);
    const kept = kind.options;
    const wanted = { ...kept, denseDropout: kept.denseDropout ?? kept.dropout };
    // Without features nothing reads them, and their dropout has no layer.
    if (kind.features.length === 0) wanted.featureDropout = 0;
    if (kept.recurrent === 0) wanted.recurrentDropout = 0;
    // Global pooling has no width.
    if (kept.globalPool) delete wanted.poolWidth;
    expect(back.file.options).toMatchObject(wanted);
    expect(back.file.departures).toEqual([]);
  });
});

describe("a folder of a Keras model", () => {
  const good = join(folder, "good");
  beforeAll(() => exportKeras(withScaling(makeCase(cases[2])), good, run));

  /** A copy of the good folder with one file changed. */
  async function changed(name: string, change: (text: string) => string): Promise<string> {
    const path = join(folder, `changed-${Math.random().toString(36).slice(2)}`);
    await cp(good, path, { recursive: true });
    await writeFile(join(path, name), change(await readFile(join(good, name), "utf8")));
    return path;
  }

  /** A copy with one layer of model.json changed. */
  function changedLayer(layer: string, change: (layer: KerasLayer) => void): Promise<string> {
    return changed("model.json", (text) => {
      const model = JSON.parse(text) as { config: { layers: KerasLayer[] } };
      change(model.config.layers.find(({ name }) => name === layer)!);
      return JSON.stringify(model);
    });
  }

  async function expectRefused(path: Promise<string> | string, ...parts: (string | RegExp)[]) {
    const at = await path;
    await expectError(() => importKeras(at), ...parts);
  }

  it("has FactorNet's lists of names, which serve without bindscape.json", async () => {
    expect((await readdir(good)).sort()).toEqual([
      "best_model.hdf5",
      "bigwig.txt",
      "bindscape.json",
      "chip.txt",
      "feature.txt",
      "meta.txt",
      "model.json",
      "run.json",
    ]);
    const path = join(folder, "by-names");
    await cp(good, path, { recursive: true });
    await rm(join(path, "bindscape.json"));
    const { network } = await importKeras(path, { cell: "K562", rename: new Map([["plain", "DNase"]]) });
    expect(network.file.tasks).toEqual([{ factor: "F", cell: "K562" }]);
    expect(network.file.plan.tracks).toEqual(["DNase", "cuts_fwd", "cuts_rev"]);
    expect(network.file.plan.features).toEqual([...covariates, ...annotations]);
    expect(network.file.plan.binSize).toBe(200);

    await writeFile(join(path, "bigwig.txt"), "plain\n");
    await expectRefused(path, "bigwig.txt", "1 names (plain)", "7 input channels", "3 tracks");
    await writeFile(join(path, "bigwig.txt"), "a.bw\tplain\nb.bw\tcuts_fwd\nc.bw\tcuts_rev\n");
    await writeFile(join(path, "meta.txt"), "PC1\n");
    await expectRefused(path, "meta.txt", "1 names (PC1) and 6 annotations", "8 metadata values");
    await writeFile(join(path, "meta.txt"), "0.5\tPC1\n0.7\tPC2\n");
    await writeFile(join(path, "chip.txt"), "F\nG\n");
    await expectRefused(path, "chip.txt", "2 names (F, G)", "1 outputs");
    await rm(join(path, "chip.txt"));
    await expectRefused(path, "chip.txt", "no names");
  });

  it("with layers unknown to FactorNet has them named", async () => {
    const path = await changedLayer("dense_2", (layer) => {
      layer.class_name = "Highway";
    });
    await expectRefused(path, "model.json", 'Highway "dense_2"');
    await expectRefused(
      changedLayer("maxpooling1d_1", (layer) => {
        layer.class_name = "Dropout";
        layer.config.p = 0.1;
      }),
      'TimeDistributed "timedistributed_1"',
      "max pooling",
    );
  });

  it("with settings other than FactorNet's has them named", async () => {
    const cases: [string, string, unknown][] = [
      ["convolution1d_1", "border_mode", "same"],
      ["convolution1d_1", "subsample_length", 2],
      ["maxpooling1d_1", "stride", 3],
      ["dense_2", "activation", "tanh"],
      ["dense_2", "bias", false],
      ["bidirectional_1", "merge_mode", "sum"],
      ["convolution1d_1", "nb_filter", "many"],
    ];
    for (const [layer, key, value] of cases) {
      const path = changedLayer(layer, ({ config }) => {
        config[key] = value;
      });
      await expectRefused(path, `"${layer}"`, key, JSON.stringify(value));
    }
  });

  it("with strands of different layers is refused", async () => {
    const path = changedLayer("flatten_1", (layer) => {
      layer.inbound_nodes[1] = layer.inbound_nodes[0];
      layer.inbound_nodes[1][0] = ["bidirectional_1", 0, 0];
    });
    await expectRefused(path, "strand");
    await expectRefused(
      changedLayer("flatten_1", (layer) => {
        layer.inbound_nodes[1][0][0] = "nowhere";
      }),
      '"flatten_1" reads "nowhere"',
    );
  });

  it("that is none, or of another Keras, is refused", async () => {
    await expectRefused(join(folder, "nowhere"), "no such folder");
    await expectRefused(folder, "a folder without model.json");
    await expectRefused(
      changed("model.json", () => "{"),
      "not valid JSON",
    );
    await expectRefused(
      changed("model.json", () => '{"class_name": "Sequential"}'),
      "class_name",
    );
    await expectRefused(
      changed("model.json", (text) => text.replace('"1.2.2"', '"2.0.1"')),
      "Keras 2.0.1",
    );
    const none = await changed("chip.txt", (text) => text);
    await rm(join(none, "best_model.hdf5"));
    await expectRefused(none, "no final_model.hdf5 or best_model.hdf5", "--weights");
    await expectError(() => importKeras(good, { weights: "other.h5" }), "no other.h5");
    await expectError(() => importKeras(good, { rename: new Map([["x", "y"]]) }), 'no input "x"', "PC1");
    await expectError(
      () => importKeras(good, { rename: new Map([["plain", "cuts_rev"]]) }),
      'two tracks named "cuts_rev"',
    );
    await expectRefused(
      changed("bindscape.json", (text) => text.replace('"plain",', "")),
      "bindscape.json",
      "6 input channels, and a network of 7",
    );
  });

  it("with weights of another network, or no finite ones, is refused", async () => {
    const weights = new Map(await readKerasWeights(join(good, "best_model.hdf5")));
    const [kernel, bias] = weights.get("dense_2")!;
    const write = async (arrays: typeof weights extends Map<string, infer Value> ? Value : never) => {
      const path = await changed("chip.txt", (text) => text);
      await writeKerasWeights(
        join(path, "best_model.hdf5"),
        new Map(weights).set("dense_2", arrays),
        "1.2.2",
      );
      return path;
    };
    await expectRefused(write([kernel]), "best_model.hdf5", "1 arrays of weights", '"dense_2"');
    await expectRefused(
      write([{ ...kernel, shape: [kernel.shape[1], kernel.shape[0]] }, bias]),
      '"dense_2_W" of shape',
    );
    await expectRefused(
      write([kernel, { ...bias, data: bias.data.map(() => Number.NaN) }]),
      "NaN",
      "dense_2_b",
    );
  });

  it("with damaged weights fails with an error that names the file, or reads them", async () => {
    const bytes = await readFile(join(good, "best_model.hdf5"));
    const damaged = await changed("chip.txt", (text) => text);
    const path = join(damaged, "best_model.hdf5");
    const draw = new Random("damage");
    const tries: Uint8Array[] = [
      new Uint8Array(0),
      new TextEncoder().encode("no HDF5"),
      bytes.subarray(0, 700),
    ];
    for (let i = 0; i < 150; i++) {
      const copy = Uint8Array.from(bytes);
      // Headers and lists stand all over the file; a few bytes at a time, some of them the highest.
      for (let k = 0; k < 4; k++) copy[draw.integer(copy.length)] = k === 0 ? 255 : draw.integer(256);
      tries.push(i % 10 === 0 ? copy.subarray(0, draw.integer(copy.length)) : copy);
    }
    let refused = 0;
    for (const attempt of tries) {
      await writeFile(path, attempt);
      const error = await readKerasWeights(path).then(
        () => null,
        (thrown: unknown) => thrown,
      );
      if (error === null) continue;
      if (!(error instanceof BindscapeError)) throw error;
      expect(error.message).toContain("best_model.hdf5");
      refused++;
    }
    expect(refused).toBeGreaterThan(10);
    // The library is none the worse for it.
    expect((await readKerasWeights(join(good, "best_model.hdf5"))).size).toBeGreaterThan(10);
  });
});

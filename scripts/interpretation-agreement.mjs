// Compares what packages/interpret says about the published TAL1/GATA1 model (Keras 1, Theano; gold/interpretation of the
// shared data) with independent programs, and writes the table to packages/interpret/AGREEMENT.md and a few values to
// packages/interpret/test/fixtures/tal-gata.json: `npm run agreement:interpretation`.
//
// Peers: bench/peers/interpretation_values.py (PyTorch and tangermeme in float64; BINDSCAPE_PEER_PYTHON) and
// bench/peers/deeplift_values.py (DeepLIFT's own program; BINDSCAPE_DEEPLIFT_PYTHON). Either may be missing.
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { gunzipSync } from "node:zlib";
import { build, install, root } from "./run.mjs";

install();
build();
const folder = join(process.env.BINDSCAPE_DATA ?? resolve(root, "../shared/data"), "gold", "interpretation");
if (!existsSync(folder)) {
  console.error(`agreement: there is no ${folder} (set BINDSCAPE_DATA): nothing compared`);
  process.exit(1);
}
const load = (name, file = "index.node.js") =>
  import(pathToFileURL(join(root, "packages", name, "dist", file)).href);
const { nodeRuntime } = await load("gradient");
const { importKeras } = await load("models");
const { Random } = await load("numerics", "index.js");
const { openFile, readNpz, writeFileAtomically, writeNpz } = await load("genome");
const { explainByDeepLift, explainNetwork, findSaliencyOfWindows, mutateInSilico } = await load("interpret");
const { shuffleSequence } = await load("motifs");

const MUTATED = 40;
const TASKS = 3;
const LENGTH = 200;
const SIZE = 4 * LENGTH;

// Sequences of the fixture, which may not hold any of the published ones: drawn, with a word for each protein.
const drawn = ["GATAAG", "CAGATG", "GATAAGNNNNCAGATG"].map((words, i) => {
  const random = new Random(`tal-gata ${i}`);
  const letters = Array.from({ length: LENGTH }, () => "ACGT"[random.integer(4)]);
  for (const at of [40, 110]) {
    for (const [k, letter] of [...words].entries()) if (letter !== "N") letters[at + k] = letter;
  }
  return letters.join("");
});
const lines = (file) =>
  gunzipSync(readFileSync(join(folder, file)))
    .toString()
    .trim()
    .split("\n");
const table = new Map(lines("sequences.simdata.gz").map((line) => line.split("\t").slice(0, 2)));
const test = lines("test.txt.gz").map((name) => table.get(name.trim()));
const sequences = [...drawn, ...test];
const codes = sequences.map((text) => Uint8Array.from(text, (letter) => "ACGT".indexOf(letter)));
const encode = (rows) => {
  const values = new Float32Array(rows.length * SIZE);
  rows.forEach((row, n) => {
    row.forEach((code, at) => {
      values[n * SIZE + code * LENGTH + at] = 1;
    });
  });
  return values;
};
const windows = { count: codes.length, windows: encode(codes) };
const background = [0.3, 0.2, 0.2, 0.3];
const everywhere = (frequencies) =>
  Float32Array.from({ length: windows.count * SIZE }, (_, i) => frequencies[Math.floor(i / LENGTH) % 4]);
const shuffles = encode(codes.map((row, n) => shuffleSequence(row, 2, new Random(`shuffle ${n}`))));
const references = {
  zeros: { about: "zeros", values: everywhere([0, 0, 0, 0]), given: { kind: "zeros" } },
  background: {
    about: "frequencies .3, .2, .2, .3",
    values: everywhere(background),
    given: { kind: "uniform", frequencies: background },
  },
  shuffled: {
    about: "a dinucleotide shuffle of each",
    values: shuffles,
    given: {
      kind: "given",
      source: "shuffles",
      values: shuffles,
      count: 1,
      windows: windows.count,
      length: LENGTH,
    },
  },
};

const work = mkdtempSync(join(tmpdir(), "bindscape-agreement-"));
process.on("exit", () => rmSync(work, { recursive: true, force: true }));
const request = join(work, "request.npz");
const shape = [windows.count, 4, LENGTH];
const arrays = new Map([
  ["windows", { shape, data: windows.windows }],
  ["mutated", { shape: [], data: Float64Array.of(MUTATED) }],
  ...Object.entries(references).map(([name, { values }]) => [`references.${name}`, { shape, data: values }]),
]);
await writeFileAtomically(request, (sink) => writeNpz(sink, arrays));

/** A peer's arrays, or null (said on stderr) where it cannot run. */
async function ask(script, python) {
  console.error(`running ${script}`);
  const result = join(work, `${script}.npz`);
  const { status, error, stderr } = spawnSync(
    python,
    [join(root, "bench", "peers", script), folder, request, result],
    {
      encoding: "utf8",
    },
  );
  if (status !== 0) {
    console.error(`${script} did not run: ${error?.message ?? stderr.trim().split("\n").at(-1)}`);
    return null;
  }
  const source = await openFile(result);
  const read = await readNpz(source);
  await source.close();
  return read;
}
const torch = await ask("interpretation_values.py", process.env.BINDSCAPE_PEER_PYTHON ?? "python3");
const original = await ask("deeplift_values.py", process.env.BINDSCAPE_DEEPLIFT_PYTHON ?? "python3");
if (torch === null) process.exit(1);

const { network } = await importKeras(folder, { tasks: ["GATA1_TAL1", "GATA1", "TAL1"] });
const model = explainNetwork(network);
const runtime = nodeRuntime();
const ofTasks = async (explain) => {
  const found = [];
  for (let task = 0; task < TASKS; task++) found.push(await explain({ runtime, task, threads: 1 }));
  return found;
};
const joined = (parts) => {
  const all = new Float32Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    all.set(part, at);
    at += part.length;
  }
  return all;
};

/** What each base would contribute, from a peer's multipliers. */
const hypothetical = (multipliers, reference) =>
  multipliers.map((value, i) => {
    const row = Math.floor(i / SIZE);
    const at = row * SIZE + (i % LENGTH);
    const from = (row % windows.count) * SIZE + (i % LENGTH);
    let sum = 0;
    for (let base = 0; base < 4; base++)
      sum += multipliers[at + base * LENGTH] * reference[from + base * LENGTH];
    return value - sum;
  });

/** Largest difference of a sequence's values as a share of its own largest value: the largest and the median one. */
function compare(ours, theirs) {
  const shares = [];
  for (let row = 0; row < theirs.length; row += SIZE) {
    let [difference, largest] = [0, 0];
    for (let i = row; i < row + SIZE; i++) {
      difference = Math.max(difference, Math.abs(ours[i] - theirs[i]));
      largest = Math.max(largest, Math.abs(theirs[i]));
    }
    shares.push(difference / largest);
  }
  shares.sort((a, b) => a - b);
  return { largest: shares.at(-1), median: shares[shares.length >> 1], compared: theirs.length };
}

const rows = [];
const add = (method, reference, peer, ours, theirs) => {
  if (theirs === undefined) return;
  const { largest, median, compared } = compare(ours, theirs);
  rows.push([
    method,
    reference,
    peer,
    compared.toLocaleString("en-US"),
    largest.toExponential(1),
    median.toExponential(1),
  ]);
};
const fixture = { sequences: drawn, background, values: {} };
/** Of the drawn sequences, the first one's values for the first output and so on; seven digits. */
const keep = (name, values, count) => {
  fixture.values[name] = drawn.map((_sequence, n) => {
    const row = (n * count + n) * SIZE;
    const kept = [];
    for (let at = 0; at < LENGTH; at++) {
      // Of contributions those of the bases that are there, else all four.
      const bases = name.includes(" ") ? [codes[n][at]] : [0, 1, 2, 3];
      for (const base of bases) kept.push(Number(values[row + base * LENGTH + at].toPrecision(7)));
    }
    return kept;
  });
};

const saliency = await ofTasks((options) => findSaliencyOfWindows(model, windows, options));
add(
  "saliency",
  "",
  "PyTorch, float64",
  joined(saliency.map(({ values }) => values)),
  torch.get("saliency").data,
);
const mutatedWindows = { count: MUTATED, windows: windows.windows.subarray(0, MUTATED * SIZE) };
const mutations = await ofTasks((options) => mutateInSilico(model, mutatedWindows, options));
add(
  `in-silico mutagenesis, ${MUTATED} sequences`,
  "",
  "PyTorch, float64",
  joined(mutations.map(({ values }) => values)),
  torch.get("ism").data,
);
fixture.logits = drawn.map((_sequence, n) => Number(torch.get("logits").data[n * TASKS + n].toPrecision(9)));
keep("saliency", torch.get("saliency").data, windows.count);
keep("ism", torch.get("ism").data, MUTATED);
let [worstDelta, largestDifference] = [0, 0];
for (const rule of ["rescale", "reveal-cancel-dense"]) {
  for (const [name, { about, values, given }] of Object.entries(references)) {
    const found = await ofTasks((options) =>
      explainByDeepLift(model, windows, { ...options, rule, references: given }),
    );
    for (const { deltas, scores, referenceScores } of found) {
      deltas.forEach((delta, i) => {
        worstDelta = Math.max(worstDelta, delta);
        largestDifference = Math.max(largestDifference, Math.abs(scores[i] - referenceScores[i]));
      });
    }
    const ours = joined(found.map((one) => one.hypothetical));
    const peers = { "tangermeme, float64": torch, "DeepLIFT 0.6.13, float32": original };
    for (const [peer, result] of Object.entries(peers)) {
      const multipliers = result?.get(`${name}.${rule}`)?.data;
      const theirs = multipliers && hypothetical(Float64Array.from(multipliers), values);
      add(`DeepLIFT, ${rule}`, about, peer, ours, theirs);
      const isReference = peer.startsWith("tangermeme") === (rule === "rescale");
      if (theirs && isReference && name !== "shuffled") keep(`${rule} ${name}`, theirs, windows.count);
    }
  }
}

const text = `# Agreement of interpretation with independent programs

Made by \`npm run agreement:interpretation\`; do not edit by hand. The model is the published TAL1/GATA1 network of
DeepLIFT's and TF-MoDISco's examples (Keras 1 with Theano: two convolutions of 50 x 11, mean over positions, dense 50, three
outputs), read by \`bindscape import keras\`; the sequences are its ${test.length} test sequences of ${LENGTH} bp and ${drawn.length} drawn ones, each explained for
all three logits. Ours runs in float32 on ONNX Runtime. PyTorch's and tangermeme's values are of a float64 network written
anew from the file's weights (\`bench/peers/interpretation_values.py\`), DeepLIFT's own program is the PyPI package on
TensorFlow (\`bench/peers/deeplift_values.py\`).

A difference is that of one base's value as a share of the largest value of its sequence. For DeepLIFT the values are
hypothetical contributions of all four bases, for saliency gradients, for mutagenesis changes of the logit.

| method | reference | compared with | values | largest difference | median of sequences |
| --- | --- | --- | --- | --- | --- |
${rows.map((row) => `| ${row.join(" | ")} |`).join("\n")}

Contributions of a sequence miss the difference of its logit from its reference's (up to ${largestDifference.toPrecision(3)}) by at most
${worstDelta.toExponential(1)}, over all of these.
`;
const file = join(root, "packages", "interpret", "AGREEMENT.md");
writeFileSync(file, text);
process.stdout.write(text);
if (original !== null) {
  const facts = join(root, "packages", "interpret", "test", "fixtures", "tal-gata.json");
  writeFileSync(facts, `${JSON.stringify(fixture)}\n`);
  console.error(`wrote ${file} and ${facts}`);
}

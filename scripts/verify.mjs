// `npm run verify`: everything CI checks, in its order. Stops at the first failure; tests come last, so that
// their summary closes the output.
import { build, install, run } from "./run.mjs";

const node = (...args) => run(process.execPath, args);
const steps = [
  ["install", () => install()],
  ["build", () => build("bench")],
  ["types of tests", () => run("npx", ["--no-install", "tsc", "-p", "tsconfig.tests.json"])],
  ["lint", () => run("npx", ["--no-install", "biome", "ci", "."])],
  ["README examples", () => node("scripts/check-readme.mjs")],
  ["small examples", () => node("scripts/examples.mjs", "--small")],
  ["bigWig files read by pyBigWig", () => node("scripts/check-bigwig.mjs")],
  ["model.onnx files read by ONNX's checker", () => node("scripts/check-onnx.mjs")],
  ["pack test", () => node("scripts/pack-test.mjs")],
  ["demo (npm start)", () => run("npm", ["start", "--", "--json"])],
  ["tests on Node 24", () => node("scripts/check-node-24.mjs")],
  ["tests (npm test)", () => run("npm", ["test"])],
];
const seconds = [];
for (const [name, step] of steps) {
  const start = performance.now();
  const isLast = name === steps.at(-1)[0];
  console.log(`\n== ${name}`);
  if (isLast) console.log(`so far: ${seconds.join(", ")}`);
  step();
  seconds.push(`${name} ${((performance.now() - start) / 1000).toFixed(0)} s`);
}

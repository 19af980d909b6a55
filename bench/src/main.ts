import type { Figure } from "./figure.js";

/** Every benchmark by name; adding one is a file with an exported `run` and a line here. */
const benchmarks: Record<string, () => Promise<{ run(): Promise<Figure[]> }>> = {
  loader: () => import("./loader.js"),
  memory: () => import("./memory.js"),
  "human-genome-memory": () => import("./human-genome-memory.js"),
  mappability: () => import("./mappability.js"),
  "motif-compare": () => import("./motif-compare.js"),
  bigwig: () => import("./bigwig.js"),
  "shared-overlap": () => import("./shared-overlap.js"),
  "motif-scan": () => import("./motif-scan.js"),
  mutagenesis: () => import("./mutagenesis.js"),
  seqlets: () => import("./seqlets.js"),
  "motif-discover": () => import("./motif-discover.js"),
  "factornet-step": () => import("./factornet-step.js"),
  optimizer: () => import("./optimizer.js"),
  "bindvae-step": () => import("./bindvae-step.js"),
  "network-steps": () => import("./network-steps.js"),
  "first-step": () => import("./first-step.js"),
  attribution: () => import("./attribution.js"),
  profile: () => import("./profile.js"),
};

const [name, ...options] = process.argv.slice(2);
const names = Object.keys(benchmarks);
if (name === undefined || (name !== "all" && !names.includes(name))) {
  console.error(`usage: npm run bench -- NAME [--json]\nNAME is one of: ${names.join(", ")}, all`);
  process.exit(2);
}
for (const chosen of name === "all" ? names : [name]) {
  const { run } = await benchmarks[chosen]();
  for (const figure of await run()) {
    if (options.includes("--json")) console.log(JSON.stringify(figure));
    else {
      const peer =
        figure.peer === null || figure.ratio === null
          ? ""
          : `   ${figure.peerName}: ${figure.peer.toPrecision(4)} ${figure.unit}   ratio ${figure.ratio.toFixed(2)}`;
      console.log(`${figure.name}: ${figure.ours.toPrecision(4)} ${figure.unit}${peer}`);
    }
  }
}

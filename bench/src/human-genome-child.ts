// A process of its own for human-genome-memory, so that its peak memory is that of the one piece of work alone.
import { predictGenome, trainOnGenome } from "./human-genome-memory.js";

const [what, study, out] = process.argv.slice(2);
const done = what === "predict" ? await predictGenome(study, out) : await trainOnGenome(study);
console.log(JSON.stringify({ done, kibibytes: process.resourceUsage().maxRSS }));

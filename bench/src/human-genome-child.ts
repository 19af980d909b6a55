// A process of its own for human-genome-memory, so that its peak memory is that of the prediction alone.
import { predictGenome } from "./human-genome-memory.js";

const [study, out] = process.argv.slice(2);
const bins = await predictGenome(study, out);
console.log(JSON.stringify({ bins, kibibytes: process.resourceUsage().maxRSS }));

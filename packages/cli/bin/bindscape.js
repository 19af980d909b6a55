#!/usr/bin/env node
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const main = new URL("../dist/main.js", import.meta.url);
if (!existsSync(fileURLToPath(main))) {
  console.error("bindscape: not built yet. Run `npm run build` in the repository, then try again.");
  process.exit(2);
}
await import(main.href);

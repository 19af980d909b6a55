import { existsSync } from "node:fs";
import { resolve } from "node:path";

const ROOT = process.env.BINDSCAPE_DATA ?? resolve(import.meta.dirname, "../../../../shared/data");

/** The path of a real data file, or undefined where it is absent, said aloud so that a skipped test is seen. */
export function dataFile(path: string): string | undefined {
  const full = resolve(ROOT, path);
  if (existsSync(full)) return full;
  console.warn(
    `Skipping tests on ${path}: there is no ${full}. Set BINDSCAPE_DATA to the folder that holds it.`,
  );
  return undefined;
}

import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { afterAll } from "vitest";

/** The devices of OPERATORS.md. */
export type Device = "cpu" | "webgpu" | "browser";

/** By the name of the case: the largest error of float32 against float64, or what went wrong. */
export type OperatorResults = Map<string, number | string>;

const fileOf = (device: Device) =>
  fileURLToPath(new URL(`./operator-results/${device}.json`, import.meta.url));

/** Whether this test run is `node scripts/operators-table.mjs`, which renews the stored results and the table. */
export const renewing = process.env["BINDSCAPE_OPERATORS_TABLE"] === "renew";

/**
 * A map for a device's test to put its results into. They are stored for the table when the table is being renewed;
 * ordinary test runs write nothing.
 */
export function keepResults(device: Device): OperatorResults {
  const results: OperatorResults = new Map();
  if (renewing) {
    afterAll(() => {
      if (results.size === 0) return;
      const entries = [...results].map(([name, result]) => [
        name,
        typeof result === "number" ? Number(result.toPrecision(2)) : result,
      ]);
      const file = fileOf(device);
      mkdirSync(fileURLToPath(new URL("./operator-results/", import.meta.url)), { recursive: true });
      writeFileSync(file, `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`);
    });
  }
  return results;
}

/** What a device's test stored last; empty where it never ran. */
export function readResults(device: Device): OperatorResults {
  try {
    return new Map(Object.entries(JSON.parse(readFileSync(fileOf(device), "utf8"))));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return new Map();
    throw error;
  }
}

import { defineConfig } from "vitest/config";

// Tests read the packages' sources through the `bindscape-source` export condition, so that a test never
// passes against a stale build. Worker threads run the built files: `npm test` builds first.
export default defineConfig({
  resolve: { conditions: ["bindscape-source", "node"] },
  ssr: { resolve: { conditions: ["bindscape-source", "node"] } },
  test: {
    include: ["packages/*/test/**/*.test.ts", "bench/**/*.test.ts"],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    pool: "forks",
    maxWorkers: 2,
  },
});

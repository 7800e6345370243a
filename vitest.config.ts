import { availableParallelism } from "node:os";
import { join } from "node:path";
import { configDefaults, defineConfig } from "vitest/config";

/** The package's own name means its sources: a test never runs a stale build. */
const sources = [
  { find: /^flava$/, replacement: join(import.meta.dirname, "src", "index.ts") },
  { find: /^flava\/([\w-]+)$/, replacement: join(import.meta.dirname, "src", "$1.ts") },
];

export default defineConfig({
  resolve: { alias: sources },
  test: {
    include: [
      "src/**/*.test.ts",
      "datasets/**/*.test.ts",
      "bench/**/*.test.ts",
      "test/**/*.test.ts",
    ],
    exclude: [...configDefaults.exclude, "test/install/**"], // npm run test:install
    globalSetup: ["test/build.ts", "test/cache.ts"],
    maxWorkers: Math.max(2, availableParallelism() - 1), // many tests wait for processes that they start
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

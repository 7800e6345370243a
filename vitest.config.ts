import { availableParallelism } from "node:os";
import { join } from "node:path";
import { configDefaults, defineConfig } from "vitest/config";

/** The package's own name means its sources: a test never runs a stale build. */
const sources = [
  { find: /^flava$/, replacement: join(import.meta.dirname, "src", "index.ts") },
  { find: /^flava\/([\w-]+)$/, replacement: join(import.meta.dirname, "src", "$1.ts") },
];

const exclude = [...configDefaults.exclude, "test/install/**"]; // npm run test:install

/**
 * Tests that each need a process of their own: they change its directory or environment for all of a file, see what it
 * remembers (warnings, connections, blocks of files at URLs), or hold devices and large memory. All others share a
 * process with others, which loads the sources once instead of for each file; `test/as-found.ts` sees that they may.
 */
const alone = [
  "bench/side-benchmarks.test.ts",
  "src/backend/*.test.ts",
  "src/backend/{wasm,webgpu}/**/*.test.ts",
  "src/cli/setup/*.test.ts",
  "src/data/remote/*.test.ts",
  "src/export/**/*.test.ts",
  "src/serve/processes/*.test.ts",
  "src/suite/*.test.ts",
];

/** Those of `test` that can share a process all the same; those of kernels where they open no device. */
const sharing = [
  "test/{build,cases,citations,finetuning-tasks,imports,loader,own-evaluation}.test.ts",
  "test/{pretraining-options,program-files,structure,traps,workers}.test.ts",
  "test/golden/checkpoint.test.ts",
  "test/golden/{finetuning,images,parquet}/*.test.ts",
  ...(process.env.FLAVA_BACKEND === undefined ? ["test/kernels/*.test.ts"] : []),
];

/** What all tests have in common; what is done before them is said once, below. */
const common = { testTimeout: 60_000, hookTimeout: 60_000 };

export default defineConfig({
  test: {
    globalSetup: ["test/build.ts", "test/cache.ts"],
    maxWorkers: Math.max(2, availableParallelism() - 1), // many tests wait for processes that they start
    projects: [
      {
        resolve: { alias: sources },
        test: {
          ...common,
          name: "shared",
          include: ["{src,datasets,bench}/**/*.test.ts", ...sharing],
          exclude: [...exclude, ...alone],
          isolate: false,
          setupFiles: ["test/equal-bytes.ts", "test/as-found.ts"],
        },
      },
      {
        resolve: { alias: sources },
        test: {
          ...common,
          name: "alone",
          setupFiles: ["test/equal-bytes.ts"],
          include: [...alone, "test/**/*.test.ts"],
          exclude: [...exclude, ...sharing],
        },
      },
    ],
  },
});

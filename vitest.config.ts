import { join } from "node:path";
import { configDefaults, defineConfig } from "vitest/config";

/** The package's own name means its sources: a test never runs a stale build. */
const entryPoints = ["data", "engine", "eval", "search", "train"].map((name) => ({
  find: `flava/${name}`,
  replacement: join(import.meta.dirname, "src", `${name}.ts`),
}));
const sources = [
  ...entryPoints,
  { find: /^flava$/, replacement: join(import.meta.dirname, "src", "index.ts") },
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
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});

/** A separate suite, as it takes minutes and a registry: it installs the packed package as users do. */
import { join } from "node:path";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: join(import.meta.dirname, "../.."),
  test: {
    include: ["test/install/*.test.ts"],
    globalSetup: "test/install/setup.ts",
    fileParallelism: false,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});

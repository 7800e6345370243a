/** Every kind of work of the engine's benchmark runs: once, at the smallest size. */
import { expect, it } from "vitest";
import { nativeBackend, nativeLevels } from "../src/backend/native.js";
import { prepareEngine } from "./engine.js";
import type { EngineWork } from "./work.js";

const works: EngineWork[] = [
  { kind: "product", m: 4, k: 8, n: 16, count: 1, dtype: "bfloat16" },
  { kind: "product", m: 4, k: 8, n: 16, count: 2, dtype: "int8" },
  { kind: "train", batch: 1, tokens: 4, dtype: "bfloat16" },
  { kind: "infer", batch: 1, tokens: 4, dtype: "int8" },
  { kind: "tiny operations", count: 3 },
];

it.skipIf(nativeLevels().length === 0).each(works)("runs $kind", async (work) => {
  const backend = nativeBackend({ threads: 2 });
  const { run } = await prepareEngine(backend, work);
  await expect(run().then(() => "done")).resolves.toBe("done");
  backend.dispose();
});

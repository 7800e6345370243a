import { describe, expect, it } from "vitest";
import { nativeBackend, nativeLevels } from "../src/backend/native.js";
import { leavesOf } from "../src/base/tree.js";
import { models } from "../src/configs/models.js";
import { prepareFinetuning } from "./finetuning.js";
import { cosineToFloat32, prepareApplication, preparePretraining } from "./model.js";
import {
  type Application,
  type Finetuning,
  type Prepared,
  type Pretraining,
  captions,
} from "./work.js";

const batch = 3;
const texts = captions(batch, 24);

async function expectFinite({ run }: Prepared): Promise<void> {
  const results = leavesOf<Float32Array | number>(await run());
  expect(results).not.toHaveLength(0);
  for (const [path, found] of results) {
    const values = typeof found === "number" ? [found] : [...found];
    expect(values.every(Number.isFinite), path).toBe(true);
  }
}

describe.runIf(nativeLevels().length > 0)(
  "the works of the model benchmark, on a tiny model",
  () => {
    it.each(["image", "text", "pair"] as const)("trains on a batch of kind %s", async (samples) => {
      const backend = nativeBackend({ threads: 2 });
      const work: Pretraining = { kind: "pretrain", samples, batch, texts, dtype: "bfloat16" };
      await expectFinite(await preparePretraining(backend, models.tiny, work));
      backend.dispose();
    });

    it.each([
      { encoder: "text", texts },
      { encoder: "multimodal", texts, imageSize: 96 },
    ] as const)("fine-tunes the $encoder encoder", async (task) => {
      const backend = nativeBackend({ threads: 2 });
      const work: Finetuning = { kind: "finetune", batch, dtype: "bfloat16", ...task };
      await expectFinite(await prepareFinetuning(backend, models.tiny, work));
      backend.dispose();
    });

    it.each(["image embedding", "text embedding", "ITM score"] as const)(
      "gives the %s, in 8 bits much like in float32",
      async (output) => {
        const backend = nativeBackend({ threads: 2 });
        const work: Application = { kind: "apply", output, batch, texts, dtype: "int8" };
        await expectFinite(await prepareApplication(backend, models.tiny, work));
        backend.dispose();
        const cosine = await cosineToFloat32(models.tiny, work);
        expect(cosine).toBeGreaterThan(0.99);
        expect(cosine).toBeLessThan(1);
      },
    );
  },
);

/** Whether a model loads, and how fast it is. */
import { load } from "../../api/load.js";
import { type ModelFlags, backendOptions } from "../model-option.js";
import type { Finding } from "./findings.js";

const count = 32;

/** Loads the model of the flags, and embeds images and texts. */
export async function checkModel(flags: ModelFlags): Promise<Finding> {
  const { model, heads, precision } = flags;
  const check = "model";
  const start = performance.now();
  try {
    await using flava = await load(model, {
      precision,
      backend: backendOptions(flags),
      ...(heads !== undefined && { heads }),
    });
    const seconds = ((performance.now() - start) / 1000).toFixed(1);
    const { size } = flava.model.config.image;
    const pixels = new Uint8Array(size * size * 3);
    const images = Array.from({ length: count }, () => ({ width: size, height: size, pixels }));
    const texts = Array.from({ length: count }, (_, index) => `an icon of ${index} hearts`);
    const imageRate = await rateOf(() => flava.embedImages(images));
    const textRate = await rateOf(() => flava.embedTexts(texts));
    const found =
      `${flava.model.path}, loaded in ${seconds} s, embeds ${imageRate} images of ${size} pixels and ${textRate} texts ` +
      `a second (${precision})`;
    return { check, state: "fine", found };
  } catch (error) {
    const found = error instanceof Error ? error.message : String(error);
    return { check, state: "broken", found };
  }
}

/** Items per second, of a second run: the first one compiles. */
async function rateOf(run: () => Promise<unknown>): Promise<string> {
  await run();
  const start = performance.now();
  await run();
  return ((1000 * count) / (performance.now() - start)).toFixed(0);
}

/** Exported ONNX files in ONNX Runtime. */
import { readFileSync } from "node:fs";
import { InferenceSession, Tensor } from "onnxruntime-web";

/** Prepared images, float32 [C, H, W], and the token ids of a text for each. */
export interface Pairs {
  readonly pixels: readonly Float32Array[];
  readonly ids: readonly Int32Array[];
}

export interface Results {
  /** Unit-length vectors, [N, D]. */
  readonly images: Float32Array;
  readonly texts: Float32Array;
  /** The probability that image and text of each pair belong together, [N]. */
  readonly matches: Float32Array;
}

/**
 * Computes the results of all pairs in one batch.
 *
 * @param paths of the exported models: images, texts and pairs
 */
export async function runOnnx(paths: readonly string[], pairs: Pairs): Promise<Results> {
  const given = inputsOf(pairs);
  const found: Record<string, Float32Array> = {};
  for (const path of paths) {
    const session = await InferenceSession.create(readFileSync(path));
    const own = Object.fromEntries(session.inputNames.map((name) => [name, given[name]!]));
    for (const [name, { data }] of Object.entries(await session.run(own))) {
      found[name] = data as Float32Array;
    }
    await session.release();
  }
  const { image_embeds: images, text_embeds: texts, itm_logits: logits } = found;
  const matches = pairs.ids.map(
    (_, i) => 1 / (1 + Math.exp(logits![2 * i]! - logits![2 * i + 1]!)),
  );
  return { images: images!, texts: texts!, matches: Float32Array.from(matches) };
}

/** The inputs of all models by their names; texts are padded with zeros. */
function inputsOf({ pixels, ids }: Pairs): Readonly<Record<string, Tensor>> {
  const side = Math.sqrt(pixels[0]!.length / 3);
  const images = Float32Array.from(pixels.flatMap((image) => [...image]));
  const length = Math.max(...ids.map((text) => text.length));
  const places = ids.flatMap((text) => Array.from({ length }, (_, place) => text[place]));
  const int64 = (values: readonly number[]): Tensor =>
    new Tensor("int64", BigInt64Array.from(values, BigInt), [ids.length, length]);
  return {
    pixel_values: new Tensor("float32", images, [pixels.length, 3, side, side]),
    input_ids: int64(places.map((id) => id ?? 0)),
    attention_mask: int64(places.map((id) => Number(id !== undefined))),
  };
}

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
 * @param paths of the exported models, images, texts and pairs among them
 */
export async function runOnnx(paths: readonly string[], pairs: Pairs): Promise<Results> {
  const { pixels, ids } = pairs;
  const { image_embeds: images } = await runFile(paths, "vision_model", { pixels });
  const { text_embeds: texts } = await runFile(paths, "text_model", { ids });
  const { itm_logits: logits } = await runFile(paths, "multimodal_model", pairs);
  const matches = ids.map((_, i) => 1 / (1 + Math.exp(logits![2 * i]! - logits![2 * i + 1]!)));
  return { images: images!, texts: texts!, matches: Float32Array.from(matches) };
}

/** The outputs of the model `name` by their names. */
export async function runFile(
  paths: readonly string[],
  name: string,
  pairs: Partial<Pairs>,
): Promise<Readonly<Record<string, Float32Array>>> {
  const path = paths.find((each) => each.includes(`/${name}`))!;
  const session = await InferenceSession.create(readFileSync(path));
  try {
    const results = await session.run(inputsOf(pairs));
    return Object.fromEntries(
      Object.entries(results).map(([output, { data }]) => [output, data as Float32Array]),
    );
  } finally {
    await session.release();
  }
}

/** The inputs that can be made of images and texts, by their names; texts are padded with zeros. */
function inputsOf({ pixels, ids }: Partial<Pairs>): Readonly<Record<string, Tensor>> {
  return { ...(pixels && imageInputs(pixels)), ...(ids && textInputs(ids)) };
}

function imageInputs(pixels: readonly Float32Array[]): Readonly<Record<string, Tensor>> {
  const side = Math.sqrt(pixels[0]!.length / 3);
  const images = Float32Array.from(pixels.flatMap((image) => [...image]));
  return { pixel_values: new Tensor("float32", images, [pixels.length, 3, side, side]) };
}

function textInputs(ids: readonly Int32Array[]): Readonly<Record<string, Tensor>> {
  const length = Math.max(...ids.map((text) => text.length));
  const places = ids.flatMap((text) => Array.from({ length }, (_, place) => text[place]));
  const int64 = (values: readonly number[]): Tensor =>
    new Tensor("int64", BigInt64Array.from(values, BigInt), [ids.length, length]);
  return {
    input_ids: int64(places.map((id) => id ?? 0)),
    attention_mask: int64(places.map((id) => Number(id !== undefined))),
  };
}

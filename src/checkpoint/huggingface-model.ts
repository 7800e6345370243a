/** The weights of a state and their config.json as Hugging Face's transformers has them, wherever they are written. */
import type { State } from "../backend/state.js";
import { toBfloat16 } from "../backend/values.js";
import { toFloat16 } from "../base/float16.js";
import type { FlavaConfig } from "../model/config.js";
import type { JsonObject } from "./files/json.js";
import type { TensorToWrite } from "./files/tensor-to-write.js";
import { type Sizes, type WeightDtype, withSettingsOf, writeConfig } from "./huggingface-config.js";
import { storedShape, toStored } from "./layout.js";
import { type Family, toFamily } from "./names.js";
import { isOfHead, root, weightPaths } from "./weight-paths.js";

/** The dVAE decoder's own file, with DALL-E's names; transformers has no decoder and ignores it. */
export const decoderName = "codebook_decoder.safetensors";

/** The "parameters" of `state`, but for the head of a task, as they are written: those of the model, and of the codebook's decoder. */
export function tensorsOf(
  state: State,
  config: FlavaConfig,
  dtype: WeightDtype,
): { readonly model: TensorToWrite[]; readonly decoder: TensorToWrite[] } {
  const paths = weightPaths(state).filter((path) => !isOfHead(path));
  const family = familyOf(state);
  if (family === "FlavaForPreTraining") requireOneWidth(config);
  const isOfDecoder = (path: string): boolean => path.startsWith("decoder/");
  const toWrite = (some: readonly string[], of: Family): TensorToWrite[] =>
    some.map((path) => tensorToWrite(state, config, path, of, dtype));
  return {
    model: toWrite(
      paths.filter((path) => !isOfDecoder(path)),
      family,
    ),
    decoder: toWrite(paths.filter(isOfDecoder), "DALL-E decoder"),
  };
}

/** What a written config.json says besides sizes. */
export interface ConfigOptions {
  /** Dtype of the weights in the files; default: float32. */
  readonly dtype?: WeightDtype;
  /** The model's original config.json: settings that our sizes do not cover are kept. */
  readonly source?: JsonObject | undefined;
}

/** The config.json of the model in `state`. */
export function configOf(
  state: State,
  config: FlavaConfig,
  { dtype = "float32", source }: ConfigOptions = {},
): JsonObject {
  const family = familyOf(state);
  if (family === "FlavaForPreTraining") requireOneWidth(config);
  const hasCodebook = weightPaths(state).some((path) => path.startsWith("codebook/"));
  const sizes: Sizes =
    family === "FlavaImageCodebook"
      ? { kind: "codebook", config: config.codebook }
      : { kind: "flava", config, codebook: hasCodebook };
  return withSettingsOf(source, writeConfig(sizes, family, dtype));
}

/** What Hugging Face calls a model of the parts in `state`. */
function familyOf(state: State): "FlavaForPreTraining" | "FlavaModel" | "FlavaImageCodebook" {
  const roots = new Set(weightPaths(state).map((path) => path.split("/")[0]));
  if (roots.has("heads")) return "FlavaForPreTraining";
  return roots.has("flava") ? "FlavaModel" : "FlavaImageCodebook";
}

/** Hugging Face's heads on the multimodal encoder have the width of the unimodal encoders. */
function requireOneWidth({ image, text, multimodal }: FlavaConfig): void {
  if (image.width === multimodal.width && text.width === multimodal.width) return;
  throw new RangeError(
    `Hugging Face's FlavaForPreTraining needs encoders of one width, but these have ${image.width} (image), ` +
      `${text.width} (text) and ${multimodal.width} (multimodal). Write the model without its heads.`,
  );
}

function tensorToWrite(
  state: State,
  config: FlavaConfig,
  path: string,
  family: Family,
  dtype: WeightDtype,
): TensorToWrite {
  const found = toFamily(family, path);
  if (!found) throw new Error(`A ${family} has no place for ${path}.`);
  const { name, layout } = found;
  const { shape } = state.spec(root + path);
  const bytes = async (): Promise<Uint8Array> =>
    encode(name, dtype, toStored(layout, shape, await floats(state, root + path)));
  return { name, dtype, shape: storedShape(layout, shape, config.image), bytes };
}

async function floats(state: State, path: string): Promise<Float32Array> {
  const values = await state.read(path);
  if (values instanceof Float32Array) return values;
  throw new TypeError(
    `${path} is ${String(state.spec(path))}, which cannot be written as a weight.`,
  );
}

function encode(name: string, dtype: WeightDtype, values: Float32Array): Uint8Array {
  const encoded =
    dtype === "float16"
      ? halvesOf(name, values)
      : dtype === "bfloat16"
        ? toBfloat16(values)
        : values;
  return new Uint8Array(encoded.buffer, encoded.byteOffset, encoded.byteLength);
}

/** @throws RangeError if a number is too large for float16, and would become infinite */
function halvesOf(name: string, values: Float32Array): Uint16Array {
  const halves = toFloat16(values);
  const large = halves.findIndex(
    (half, index) => (half & 0x7fff) === 0x7c00 && Number.isFinite(values[index]),
  );
  if (large < 0) return halves;
  throw new RangeError(
    `The weight ${name} has the number ${values[large]!}; float16 ends at 65,504. Write bfloat16 or float32.`,
  );
}

/** A checkpoint: tensors that have been recognized, with the sizes of the model that they belong to. */
import { sameShape } from "../graph/tensor.js";
import type { Sizes } from "./huggingface-config.js";
import type { Layout } from "./layout.js";
import { type Family, fromFamily, isIgnored } from "./names.js";
import { type StoredTensor, type TensorFiles, CheckpointError, quote } from "./stored-tensor.js";

/** A tensor of a file that is one of the model's. */
interface Weight {
  /** In the file. */
  readonly name: string;
  readonly layout: Layout;
  readonly stored: StoredTensor;
}

export interface Checkpoint {
  readonly path: string;
  readonly family: Family;
  /** What kind of files it is made of. */
  readonly format: string;
  /** Unknown of DALL-E's decoder alone. */
  readonly sizes: Sizes | undefined;
  /** By our path, such as "flava/image/cls". */
  readonly weights: ReadonlyMap<string, Weight>;
  /** Names that are none of the model's. */
  readonly unknown: readonly string[];
  close(): Promise<void>;
}

/** Finds the model's weights among the tensors of a file. */
function recognize(
  family: Family,
  tensors: ReadonlyMap<string, StoredTensor>,
): Pick<Checkpoint, "weights" | "unknown"> {
  const weights = new Map<string, Weight>();
  const unknown: string[] = [];
  const aliases = new Map<string, Weight>();
  for (const [name, stored] of tensors) {
    if (isIgnored(name)) continue;
    const ours = fromFamily(family, name);
    if (!ours) unknown.push(name);
    else (ours.alias ? aliases : weights).set(ours.path, { name, layout: ours.layout, stored });
  }
  for (const [path, weight] of aliases) {
    const main = weights.get(path);
    if (!main) weights.set(path, weight);
    else if (!sameShape(main.stored.shape, weight.stored.shape)) {
      throw new CheckpointError(
        `${quote(main.name)} and ${quote(weight.name)} are one tensor, but their shapes differ.`,
      );
    }
  }
  return { weights, unknown };
}

/** The family whose names the tensors have, told by their first steps. */
function familyOf(path: string, tensors: ReadonlyMap<string, StoredTensor>): Family {
  const has = (start: string): boolean =>
    [...tensors.keys()].some((name) => name.startsWith(start));
  if (has("flava.")) return "FlavaForPreTraining";
  if (has("text_model.") || has("image_model.")) return "FlavaModel";
  if (has("model.image_encoder.")) return "TorchMultimodal FLAVAForPreTraining";
  if (has("image_encoder.") || has("text_encoder.")) return "TorchMultimodal FLAVAModel";
  if (tensors.has("blocks.input.weight")) return "FlavaImageCodebook";
  const [, , kernel] = tensors.get("blocks.input.w")?.shape ?? [];
  if (kernel !== undefined) return kernel === 1 ? "DALL-E decoder" : "DALL-E encoder";
  const [first] = tensors.keys();
  throw new CheckpointError(
    `${path} holds no FLAVA model: its ${tensors.size} tensors, the first named ${quote(first)}, have none of the known names.`,
  );
}

/** Makes a checkpoint of open files; closes them if they are no checkpoint. */
export async function checkpointOf(
  path: string,
  files: TensorFiles,
  sizesOf: (family: Family, weights: ReadonlyMap<string, Weight>) => Sizes | undefined,
): Promise<Checkpoint> {
  try {
    const family = familyOf(path, files.tensors);
    const recognized = recognize(family, files.tensors);
    const sizes = sizesOf(family, recognized.weights);
    return { path, family, format: files.format, sizes, ...recognized, close: () => files.close() };
  } catch (error) {
    await files.close();
    throw error;
  }
}

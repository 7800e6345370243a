/** A checkpoint: recognized tensors and the sizes of their model. */
import { quote } from "../base/quote.js";
import { sameShape } from "../graph/tensor.js";
import type { Sizes } from "./huggingface-config.js";
import type { JsonObject } from "./files/json.js";
import type { Layout } from "./layout.js";
import { type Family, fromFamily, isIgnored } from "./names.js";
import { type StoredTensor, type TensorFiles, CheckpointError } from "./files/stored-tensor.js";

/** A tensor of a file that belongs to the model. */
export interface Weight {
  /** Its name in the file. */
  readonly name: string;
  /** @internal */
  readonly layout: Layout;
  /** @internal */
  readonly stored: StoredTensor;
}

/** An open checkpoint, from `openCheckpoint`, whose weights have not been read yet. */
export interface Checkpoint {
  /** The file or directory, as it was given. */
  readonly path: string;
  /** The directory of its config.json, if it has one. */
  readonly directory?: string | undefined;
  /** Its config.json. */
  readonly source?: JsonObject | undefined;
  /** Whose names its tensors have: which of the classes of Hugging Face, or TorchMultimodal's or DALL-E's files. */
  readonly family: Family;
  /** The file format. */
  readonly format: string;
  /** Unknown for DALL-E's decoder alone. */
  readonly sizes: Sizes | undefined;
  /** By our path, such as "flava/image/cls". */
  readonly weights: ReadonlyMap<string, Weight>;
  /** Names that do not belong to the model. */
  readonly unknown: readonly string[];
  /** Closes its files. */
  close(): Promise<void>;
}

/** Assignment of the tensors of open files to the model's weights. */
export type Recognized = Pick<Checkpoint, "family" | "weights" | "unknown">;

/** Finds the model's weights among the tensors of a file; `path` is used in messages. */
export function recognize(path: string, tensors: TensorFiles["tensors"]): Recognized {
  const bare = withoutWrappers(path, tensors);
  const { family, prefix } = familyOf(path, bare);
  const weights = new Map<string, Weight>();
  const unknown: string[] = [];
  const aliases = new Map<string, Weight>();
  for (const [bareName, { name, stored }] of bare) {
    if (isIgnored(bareName)) continue;
    const ours = bareName.startsWith(prefix)
      ? fromFamily(family, bareName.slice(prefix.length))
      : undefined;
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
  return { family, weights, unknown };
}

/** A tensor with its name in the file. */
type Named = Pick<Weight, "name" | "stored">;

/** Names of modules that wrap others for parallel training or compilation, at any depth. */
const wrapper = /(^|\.)(module|_orig_mod|_fsdp_wrapped_module|_checkpoint_wrapped_module)(?=\.)/g;

/** The tensors by name, without the wrappers of `DataParallel`, `torch.compile` and the like. */
function withoutWrappers(path: string, tensors: TensorFiles["tensors"]): Map<string, Named> {
  const bare = new Map<string, Named>();
  for (const [name, stored] of tensors) {
    const bareName = name.replace(wrapper, "").replace(/^\./, "");
    const twin = bare.get(bareName);
    if (twin) {
      throw new CheckpointError(
        `${path} holds both ${quote(twin.name)} and ${quote(name)}, the same tensor with other wrappers.`,
      );
    }
    bare.set(bareName, { name, stored });
  }
  return bare;
}

/** How the names of each family begin, the most specific first. */
const beginnings: readonly (readonly [Family, readonly string[]])[] = [
  ["FlavaForPreTraining", ["flava.image_model.", "flava.text_model."]],
  ["FlavaModel", ["image_model.", "text_model."]],
  ["TorchMultimodal FLAVAForPreTraining", ["model.image_encoder.", "model.text_encoder."]],
  ["TorchMultimodal FLAVAModel", ["image_encoder.", "text_encoder."]],
  ["FlavaImageCodebook", ["blocks.input.weight"]],
  ["DALL-E encoder", ["blocks.input.w"]],
];

/** The family that the tensor names belong to, after a prefix such as Lightning's "model.". */
function familyOf(
  path: string,
  tensors: ReadonlyMap<string, Named>,
): { readonly family: Family; readonly prefix: string } {
  for (const [family, starts] of beginnings) {
    const prefix = shortestPrefix(tensors.keys(), starts);
    if (prefix === undefined) continue;
    const isDalle = family === "DALL-E encoder";
    const kernel = isDalle ? tensors.get(`${prefix}blocks.input.w`)?.stored.shape[2] : undefined;
    return { family: kernel === 1 ? "DALL-E decoder" : family, prefix };
  }
  const [first] = tensors.keys();
  throw new CheckpointError(
    `${path} holds no FLAVA model: none of its tensors, such as ${quote(first)}, has a known name.`,
  );
}

/** The shortest prefix of whole steps before one of `starts`; copies of a model (averages) are nested deeper. */
function shortestPrefix(names: Iterable<string>, starts: readonly string[]): string | undefined {
  let shortest: string | undefined;
  for (const name of names) {
    for (const start of starts) {
      const at = `.${name}`.indexOf(`.${start}`);
      if (at >= 0 && at < (shortest?.length ?? Infinity)) shortest = name.slice(0, at);
    }
  }
  return shortest;
}

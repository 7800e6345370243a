/** Converts and checks Hugging Face's config.json for FLAVA, to our sizes and back (flava.md 1.9). */
import { quote } from "../base/quote.js";
import type {
  CodebookConfig,
  FlavaConfig,
  ImageConfig,
  StackConfig,
  TextConfig,
} from "../model/config.js";
import { type JsonObject, isObject } from "./files/json.js";
import { CheckpointError } from "./files/stored-tensor.js";

/** The sizes of a whole model, or of a codebook alone. */
export type Sizes =
  | {
      readonly kind: "flava";
      /** Sizes of the model. */
      readonly config: FlavaConfig;
      /** Whether the pre-training model includes its codebook. */
      readonly codebook: boolean;
    }
  | {
      readonly kind: "codebook";
      /** Sizes of the codebook. */
      readonly config: CodebookConfig;
    };

/** A section of the file, and its path for messages. */
interface Section {
  readonly where: string;
  readonly values: JsonObject;
}

/** More layers, or codebook blocks, than any model has; bounds the list built from them. */
const mostLayers = 1000;

export function readConfig(what: string, values: JsonObject): Sizes {
  const section = { where: what, values };
  switch (values.model_type) {
    case "flava":
      return {
        kind: "flava",
        config: flavaConfig(section),
        codebook: flag(section, "init_codebook", true),
      };
    case "flava_image_codebook":
      return { kind: "codebook", config: codebookConfig(section) };
    default:
      throw new CheckpointError(
        `${what} describes a model of type ${quote(values.model_type)}; "flava" and "flava_image_codebook" can be read.`,
      );
  }
}

function flavaConfig(section: Section): FlavaConfig {
  forbid(section, "quantization_config", "weights are read as floating-point numbers");
  forbid(section, "auto_map", "code in a checkpoint is never run");
  const [image, text, multimodal] = ["image", "text", "multimodal"].map((name) =>
    subsection(section, name),
  );
  const sections = [image!, text!, multimodal!];
  const epsilons = sections.map((part) => epsilonOf(part, "layer_norm_eps", 1e-12));
  if (new Set(epsilons).size > 1) {
    throw new CheckpointError(
      `${section.where} has encoders with different "layer_norm_eps": ${epsilons.join(", ")}.`,
    );
  }
  const epsilon = epsilons[0]!;
  const own = section.values.flava ?? {};
  if (!isObject(own)) throw refused(section, "flava", "an object");
  const ownSection = { where: `${section.where}, "flava"`, values: own };
  const unknown = Object.keys(own).find((key) => !ownKeys.has(key));
  if (unknown !== undefined) forbid(ownSection, unknown, "this version does not know it");
  return {
    image: imageConfig(image!),
    text: textConfig(text!),
    multimodal: multimodalConfig(multimodal!),
    codebook: codebookConfig(subsection(section, "image_codebook")),
    projection: count(section, "projection_dim", 768),
    epsilon,
    headEpsilon: epsilonOf(ownSection, "head_layer_norm_eps", epsilon),
    maskPadding: flag(ownSection, "mask_padding", true),
  };
}

/** Settings that this package adds to Hugging Face's. */
const ownKeys: ReadonlySet<string> = new Set(["mask_padding", "head_layer_norm_eps"]);

/** A section such as "text_config"; its older form "text_config_dict" takes precedence. */
function subsection({ where, values }: Section, name: string): Section {
  const key = isObject(values[`${name}_config_dict`]) ? `${name}_config_dict` : `${name}_config`;
  const found = values[key] ?? {};
  if (!isObject(found)) throw refused({ where, values }, key, "an object");
  const part = { where: `${where}, "${key}"`, values: found };
  // Versions of transformers use different names for the codebook's section.
  if (name !== "image_codebook") demand(part, "model_type", `flava_${name}_model`);
  return part;
}

function stackConfig(section: Section, layers: number): StackConfig {
  demand(section, "hidden_act", "gelu");
  forbid(section, "pruned_heads", "all attention heads are computed");
  demand(section, "qkv_bias", true);
  demand(section, "is_decoder", false);
  demand(section, "add_cross_attention", false);
  const width = count(section, "hidden_size", 768);
  const heads = count(section, "num_attention_heads", 12);
  if (width % heads !== 0)
    throw refused(section, "num_attention_heads", `a divisor of the width ${width}`);
  return {
    layers: count(section, "num_hidden_layers", layers, mostLayers),
    width,
    hidden: count(section, "intermediate_size", 3072),
    heads,
  };
}

function imageConfig(section: Section): ImageConfig {
  demand(section, "mask_token", true);
  const [size, patch] = [side(section, "image_size", 224), side(section, "patch_size", 16)];
  if (patch > size) throw refused(section, "patch_size", `at most the image's size ${size}`);
  return {
    ...stackConfig(section, 12),
    size,
    patch,
    channels: count(section, "num_channels", 3),
    vocabulary: count(section, "vocab_size", 8192),
  };
}

function textConfig(section: Section): TextConfig {
  demand(section, "position_embedding_type", "absolute");
  return {
    ...stackConfig(section, 12),
    vocabulary: count(section, "vocab_size", 30522),
    positions: count(section, "max_position_embeddings", 512),
    types: count(section, "type_vocab_size", 2),
  };
}

function multimodalConfig(section: Section): StackConfig {
  demand(section, "use_cls_token", true);
  return stackConfig(section, 6);
}

function codebookConfig(section: Section): CodebookConfig {
  demand(section, "num_groups", 4); // Hugging Face's code always uses four.
  const hidden = count(section, "hidden_size", 256);
  if (hidden % 4 !== 0) throw refused(section, "hidden_size", "a multiple of 4");
  return {
    channels: count(section, "input_channels", 3),
    groups: 4,
    blocksPerGroup: count(section, "num_blocks_per_group", 2, mostLayers),
    hidden,
    vocabulary: count(section, "vocab_size", 8192),
  };
}

/** DALL-E's codebook, the default of Hugging Face's configuration. */
export const standardCodebook = codebookConfig({ where: "", values: {} });

const refused = ({ where, values }: Section, key: string, expected: string): CheckpointError =>
  new CheckpointError(`${where}: "${key}" is ${quote(values[key])}, but expected ${expected}.`);

/** Refuses any value but the one that our model uses, which is also the default. */
function demand(section: Section, key: string, expected: string | number | boolean): void {
  const value = section.values[key] ?? expected;
  if (value !== expected) throw refused(section, key, JSON.stringify(expected));
}

/** Refuses a setting that would change results, whatever its value; `reason` says why. */
function forbid({ where, values }: Section, key: string, reason: string): void {
  const value = values[key] ?? undefined;
  if (value === undefined || (isObject(value) && Object.keys(value).length === 0)) return;
  throw new CheckpointError(`${where}: "${key}" is not supported: ${reason}.`);
}

function count(section: Section, key: string, standard: number, most = 2 ** 31): number {
  const value = section.values[key] ?? standard;
  if (typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most)
    return value;
  throw refused(section, key, `an integer from 1 to ${most}`);
}

/** The side of a square, possibly written as two equal sides. */
function side(section: Section, key: string, standard: number): number {
  const value = section.values[key];
  if (!Array.isArray(value)) return count(section, key, standard);
  const [height, width, ...more] = value as unknown[];
  if (height !== width || more.length > 0)
    throw refused(section, key, "one number: images and patches are square");
  return count({ ...section, values: { [key]: height } }, key, standard);
}

function epsilonOf(section: Section, key: string, standard: number): number {
  const value = section.values[key] ?? standard;
  if (typeof value === "number" && value >= 0 && value < 1) return value;
  throw refused(section, key, "a number from 0 to 1");
}

function flag(section: Section, key: string, standard: boolean): boolean {
  const value = section.values[key] ?? standard;
  if (typeof value === "boolean") return value;
  throw refused(section, key, "true or false");
}

/** Hugging Face's names of the dtypes of weights. */
export const weightDtypes = ["float32", "float16", "bfloat16"] as const;
/**
 * How weights are stored.
 * @useDeclaredType
 */
export type WeightDtype = (typeof weightDtypes)[number];

/** The config.json of a model; omitted keys have Hugging Face's defaults, which are also ours. */
export function writeConfig(sizes: Sizes, architecture: string, dtype: WeightDtype): JsonObject {
  const general = { architectures: [architecture], dtype };
  if (sizes.kind === "codebook") return { ...general, ...codebookSection(sizes.config) };
  const { image, text, multimodal, codebook, projection, epsilon, headEpsilon, maskPadding } =
    sizes.config;
  const stack = (name: string, { layers, width, hidden, heads }: StackConfig): JsonObject => ({
    model_type: `flava_${name}_model`,
    hidden_size: width,
    num_hidden_layers: layers,
    num_attention_heads: heads,
    intermediate_size: hidden,
    layer_norm_eps: epsilon,
  });
  return {
    ...general,
    model_type: "flava",
    hidden_size: multimodal.width, // of the matching head
    layer_norm_eps: epsilon,
    projection_dim: projection,
    init_codebook: sizes.codebook,
    image_config: {
      ...stack("image", image),
      image_size: image.size,
      patch_size: image.patch,
      num_channels: image.channels,
      vocab_size: image.vocabulary,
    },
    text_config: {
      ...stack("text", text),
      vocab_size: text.vocabulary,
      max_position_embeddings: text.positions,
      type_vocab_size: text.types,
    },
    multimodal_config: stack("multimodal", multimodal),
    image_codebook_config: codebookSection(codebook),
    flava: { mask_padding: maskPadding, head_layer_norm_eps: headEpsilon },
  };
}

function codebookSection({
  channels,
  groups,
  blocksPerGroup,
  hidden,
  vocabulary,
}: CodebookConfig): JsonObject {
  return {
    model_type: "flava_image_codebook",
    num_groups: groups,
    input_channels: channels,
    num_blocks_per_group: blocksPerGroup,
    hidden_size: hidden,
    vocab_size: vocabulary,
  };
}

/** Keys that describe the original files rather than the model, and older forms of its sections. */
const ofTheFiles =
  /^(_name_or_path|architectures|torch_dtype|dtype|transformers_version|\w+_dict)$/;

/**
 * A config.json to write, with settings from another one that it lacks, such as dropout and loss weights, also in
 * its sections.
 */
export function withSettingsOf(source: JsonObject | undefined, written: JsonObject): JsonObject {
  const isSame = source && (source.model_type ?? written.model_type) === written.model_type;
  if (!isSame) return written;
  const kept = Object.entries(source).filter(([key]) => !(key in written) && !ofTheFiles.test(key));
  const sections = Object.entries(written).map(([key, value]) => {
    const other = source[isObject(source[`${key}_dict`]) ? `${key}_dict` : key];
    return [key, isObject(value) && isObject(other) ? withSettingsOf(other, value) : value];
  });
  return Object.fromEntries([...sections, ...kept]) as JsonObject;
}

/** A sentence on the dropout that a config.json asks for in training, which is without; undefined if it asks for none. */
export function describeDropout(source: JsonObject): string | undefined {
  const rates = ["image", "text", "multimodal"].flatMap((name) => {
    const { values } = subsection({ where: "", values: source }, name);
    return ["hidden_dropout_prob", "attention_probs_dropout_prob"].flatMap((key) =>
      (values[key] ?? 0) === 0 ? [] : [`${key} ${quote(values[key])} (${name})`],
    );
  });
  return rates.length === 0
    ? undefined
    : `Its config.json has ${rates.join(", ")}; training here is without dropout`;
}

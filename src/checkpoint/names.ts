/**
 * The names of FLAVA's tensors in each code base, in one table that is read in both directions (flava.md 1.11 and
 * 1.12). A number is written <n>, or <n+1> if that code base counts from one.
 */
import type { Layout } from "./layout.js";

interface Rule {
  readonly ours: string;
  readonly layout: Layout;
  readonly huggingFace?: string;
  readonly torchMultimodal?: string;
  /** Of DALL-E's two modules, after "encoder." or "decoder.". */
  readonly dalle?: string;
  /** A second name of a tensor: understood, never written. */
  readonly alias?: true;
}

type Column = "huggingFace" | "torchMultimodal" | "dalle";
type Names = Pick<Rule, Column>;

/** Kinds of checkpoints, by the class that saved them. */
export type Family =
  | "FlavaForPreTraining"
  | "FlavaModel"
  | "FlavaImageCodebook"
  | "TorchMultimodal FLAVAForPreTraining"
  | "TorchMultimodal FLAVAModel"
  | "DALL-E encoder"
  | "DALL-E decoder";

/** The column of a family's names, and the prefix that they lack. */
const families: Readonly<Record<Family, { readonly column: Column; readonly prefix: string }>> = {
  FlavaForPreTraining: { column: "huggingFace", prefix: "" },
  FlavaModel: { column: "huggingFace", prefix: "flava." },
  FlavaImageCodebook: { column: "huggingFace", prefix: "image_codebook." },
  "TorchMultimodal FLAVAForPreTraining": { column: "torchMultimodal", prefix: "" },
  "TorchMultimodal FLAVAModel": { column: "torchMultimodal", prefix: "model." },
  "DALL-E encoder": { column: "dalle", prefix: "encoder." },
  "DALL-E decoder": { column: "dalle", prefix: "decoder." },
};

const append = (names: Names, huggingFace: string, torchMultimodal = huggingFace): Names => ({
  ...(names.huggingFace === undefined ? {} : { huggingFace: names.huggingFace + huggingFace }),
  ...(names.torchMultimodal === undefined
    ? {}
    : { torchMultimodal: names.torchMultimodal + torchMultimodal }),
});

const tensor = (ours: string, layout: Layout, names: Names): Rule => ({ ours, layout, ...names });

const linear = (ours: string, names: Names): Rule[] => [
  tensor(`${ours}/weight`, "same", append(names, ".weight")),
  tensor(`${ours}/bias`, "same", append(names, ".bias")),
];

const layerNorm = (ours: string, names: Names): Rule[] => [
  tensor(`${ours}/gain`, "same", append(names, ".weight")),
  tensor(`${ours}/bias`, "same", append(names, ".bias")),
];

/** The blocks, the final normalization and the pooler, common to all three encoders. */
function trunk(ours: string, names: Names): Rule[] {
  const block = append(names, ".encoder.layer.<n>");
  const part = (name: string): string => `${ours}/blocks/<n>/${name}`;
  const attention = (name: string): Rule[] =>
    linear(
      part(`attention/${name}`),
      append(block, `.attention.attention.${name}`, `.attention.${name}`),
    );
  return [
    ...layerNorm(part("norm1"), append(block, ".layernorm_before", ".attention_layernorm")),
    ...["query", "key", "value"].flatMap(attention),
    ...linear(
      part("attention/output"),
      append(block, ".attention.output.dense", ".attention.output"),
    ),
    ...layerNorm(part("norm2"), append(block, ".layernorm_after", ".feedforward_layernorm")),
    ...linear(part("mlp/expand"), append(block, ".intermediate.dense", ".feedforward.model.0")),
    ...linear(part("mlp/contract"), append(block, ".output.dense", ".feedforward.model.2")),
    ...layerNorm(`${ours}/norm`, append(names, ".layernorm")),
    ...linear(`${ours}/pooler`, append(names, ".pooler.dense")),
  ];
}

function flavaRules(): Rule[] {
  const image = { huggingFace: "flava.image_model", torchMultimodal: "model.image_encoder" };
  const text = { huggingFace: "flava.text_model", torchMultimodal: "model.text_encoder" };
  const multimodal = { huggingFace: "flava.multimodal_model", torchMultimodal: "model.mm_encoder" };
  const [pixels, words] = [append(image, ".embeddings."), append(text, ".embeddings.")];
  const projection = (name: string): Names => ({
    huggingFace: `flava.${name}`,
    torchMultimodal: `model.${name}`,
  });
  const logitScale = {
    huggingFace: "flava.logit_scale",
    torchMultimodal: "loss.contrastive_loss.logit_scale",
  };
  return [
    tensor(
      "flava/image/patch/weight",
      "patches",
      append(pixels, "patch_embeddings.projection.weight"),
    ),
    tensor("flava/image/patch/bias", "same", append(pixels, "patch_embeddings.projection.bias")),
    tensor("flava/image/cls", "token", append(pixels, "cls_token")),
    tensor("flava/image/mask", "token", append(pixels, "mask_token")),
    tensor("flava/image/positions", "sequence", append(pixels, "position_embeddings")),
    ...trunk("flava/image", image),
    tensor("flava/text/words", "same", append(words, "word_embeddings.weight")),
    tensor("flava/text/positions", "same", append(words, "position_embeddings.weight")),
    tensor("flava/text/types", "same", append(words, "token_type_embeddings.weight")),
    ...layerNorm("flava/text/embeddingNorm", append(words, "LayerNorm", "layer_norm")),
    ...trunk("flava/text", text),
    tensor("flava/multimodal/cls", "token", append(multimodal, ".cls_token")),
    ...linear("flava/multimodal/image", projection("image_to_mm_projection")),
    ...linear("flava/multimodal/text", projection("text_to_mm_projection")),
    ...trunk("flava/multimodal", multimodal),
    ...linear("flava/imageProjection", projection("image_projection")),
    ...linear("flava/textProjection", projection("text_projection")),
    tensor("flava/logitScale", "same", logitScale),
  ];
}

/** A head of masked prediction; its output bias has two names. */
function maskedHead(ours: string, names: Names): Rule[] {
  const transform = append(names, ".transform", "");
  return [
    ...linear(`${ours}/dense`, append(transform, ".dense")),
    ...layerNorm(`${ours}/norm`, append(transform, ".LayerNorm", ".layer_norm")),
    ...linear(`${ours}/decoder`, append(names, ".decoder")),
    { ...tensor(`${ours}/decoder/bias`, "same", append(names, ".bias")), alias: true },
  ];
}

function headRules(): Rule[] {
  const head = (huggingFace: string, loss: string): Names => ({
    huggingFace,
    torchMultimodal: `loss.${loss}.cls`,
  });
  const itm = { huggingFace: "itm_head", torchMultimodal: "loss.itm_loss" };
  return [
    ...maskedHead("heads/mim", head("mim_head", "mim_loss")),
    ...maskedHead("heads/mlm", head("mlm_head", "mlm_loss")),
    ...maskedHead("heads/mmmImage", head("mmm_image_head", "mmm_loss.mim")),
    ...maskedHead("heads/mmmText", head("mmm_text_head", "mmm_loss.mlm")),
    ...linear("heads/itm/pooler", append(itm, ".pooler.dense")),
    ...linear("heads/itm/classifier", append(itm, ".seq_relationship", ".cls.seq_relationship")),
  ];
}

/** One half of the dVAE. Only the encoder, the codebook, is part of FLAVA's files. */
function dvaeRules(ours: "codebook" | "decoder", module: "encoder" | "decoder"): Rule[] {
  const convolution = (path: string, name: string, huggingFace: string): Rule[] =>
    (["weight", "bias"] as const).map((part) => {
      const dalle = `${module}.${name}.${part === "weight" ? "w" : "b"}`;
      const elsewhere = {
        huggingFace: `image_codebook.${huggingFace}.${part}`,
        torchMultimodal: `image_codebook.${dalle}`,
      };
      const layout = part === "weight" ? "convolution" : "same";
      return tensor(`${ours}/${path}/${part}`, layout, {
        dalle,
        ...(module === "encoder" ? elsewhere : {}),
      });
    });
  const block = "blocks.group_<n+1>.block_<n+1>";
  const wrapped = "blocks.group_<n+1>.group.block_<n+1>";
  return [
    ...convolution("input", "blocks.input", "blocks.input"),
    ...convolution("groups/<n>/<n>/shortcut", `${block}.id_path`, `${wrapped}.id_path`),
    ...convolution(
      "groups/<n>/<n>/convolutions/<n>",
      `${block}.res_path.conv_<n+1>`,
      `${wrapped}.res_path.path.conv_<n+1>`,
    ),
    ...convolution("output", "blocks.output.conv", "blocks.output.conv"),
  ];
}

const rules: readonly Rule[] = [
  ...flavaRules(),
  ...headRules(),
  ...dvaeRules("codebook", "encoder"),
  ...dvaeRules("decoder", "decoder"),
];

const numberAt = /<n(\+1)?>/g;

/** The numbers in `name` at the placeholders of `pattern`, counted from zero; undefined if it does not match. */
function match(pattern: string, name: string): number[] | undefined {
  const found = expressionOf(pattern).exec(name);
  if (!found) return undefined;
  const bases = [...pattern.matchAll(numberAt)].map(([, one]) => (one ? 1 : 0));
  const numbers = found.slice(1).map((digits, index) => Number(digits) - bases[index]!);
  return numbers.every((number) => number >= 0) ? numbers : undefined;
}

const expressions = new Map<string, RegExp>();

function expressionOf(pattern: string): RegExp {
  const known = expressions.get(pattern);
  if (known) return known;
  const source = pattern.replaceAll(".", "\\.").replaceAll(numberAt, "(0|[1-9][0-9]{0,5})");
  const expression = new RegExp(`^${source}$`);
  expressions.set(pattern, expression);
  return expression;
}

function fill(pattern: string, numbers: readonly number[]): string {
  const next = numbers.values();
  return pattern.replaceAll(numberAt, (_, one?: string) =>
    String((next.next().value ?? 0) + (one ? 1 : 0)),
  );
}

interface OurName {
  /** Such as "flava/image/blocks/3/attention/query/weight". */
  readonly path: string;
  readonly layout: Layout;
  /** Whether this is a second name of a tensor that is written under another one. */
  readonly alias: boolean;
}

/** Our path of a tensor in a family's file; undefined if it does not belong to FLAVA. */
export function fromFamily(family: Family, name: string): OurName | undefined {
  const { column, prefix } = families[family];
  for (const rule of rules) {
    const pattern = rule[column];
    const numbers = pattern === undefined ? undefined : match(pattern, prefix + name);
    if (numbers)
      return { path: fill(rule.ours, numbers), layout: rule.layout, alias: rule.alias === true };
  }
  return undefined;
}

/** A family's name and layout of the tensor at `path`; undefined if it has no such tensor. */
export function toFamily(
  family: Family,
  path: string,
): { readonly name: string; readonly layout: Layout } | undefined {
  const { column, prefix } = families[family];
  for (const rule of rules) {
    const pattern = rule.alias ? undefined : rule[column];
    const numbers = pattern?.startsWith(prefix) ? match(rule.ours, path) : undefined;
    if (pattern !== undefined && numbers) {
      return { name: fill(pattern, numbers).slice(prefix.length), layout: rule.layout };
    }
  }
  return undefined;
}

/** Whether a tensor is not a weight: older files store the text's position numbers 0, 1, 2, .. */
export function isIgnored(name: string): boolean {
  return name.endsWith(".position_ids");
}

/** The part of the model at the start of a path: "flava/image", "heads/mim", "codebook". */
export function partOf(path: string): string {
  const [root = "", part = ""] = path.split("/");
  return root === "flava" || root === "heads" ? `${root}/${part}` : root;
}

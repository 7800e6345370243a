import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { checkpointConfig, stateOf } from "../../test/small-checkpoint.js";
import { referenceBackend } from "../backend/reference.js";
import { flavaParameters } from "../model/flava.js";
import { loadModel } from "./load-model.js";
import type { Model } from "./model.js";
import { saveModel } from "./save-model.js";

const folder = temporaryDirectory();
const original = join(folder, "original");
const config = { ...checkpointConfig, text: { ...checkpointConfig.text, vocabulary: 8 } };
const pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "Red", "icon", "##s"];

/** As written by transformers 5 for a cased vocabulary. */
const tokenizer = {
  truncation: { max_length: 7 },
  added_tokens: [{ id: 4, content: "[MASK]", special: true }],
  normalizer: {
    ...{ type: "BertNormalizer", clean_text: true, handle_chinese_chars: true },
    ...{ strip_accents: null, lowercase: false },
  },
  pre_tokenizer: { type: "BertPreTokenizer" },
  post_processor: {
    type: "TemplateProcessing",
    single: [
      { SpecialToken: { id: "[CLS]", type_id: 0 } },
      { Sequence: { id: "A", type_id: 0 } },
      { SpecialToken: { id: "[SEP]", type_id: 0 } },
    ],
  },
  model: {
    ...{ type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##" },
    max_input_chars_per_word: 100,
    vocab: Object.fromEntries(pieces.map((piece, id) => [piece, id])),
  },
};
const tokenizerConfig = { tokenizer_class: "BertTokenizer", do_lower_case: false };
const processor = {
  processor_class: "FlavaProcessor",
  image_processor: { image_processor_type: "FlavaImageProcessorFast", size: 32, crop_size: 32 },
};

/** The files that transformers 5 writes next to the weights; null omits one. */
async function directoryWith(files: Readonly<Record<string, unknown>>): Promise<string> {
  const directory = await mkdtemp(join(folder, "model-"));
  for (const name of ["config.json", "model.safetensors"])
    await cp(join(original, name), join(directory, name));
  const all: Readonly<Record<string, unknown>> = {
    ...{ "tokenizer.json": tokenizer, "tokenizer_config.json": tokenizerConfig },
    "processor_config.json": processor,
    ...files,
  };
  for (const [name, value] of Object.entries(all)) {
    const isContent = typeof value === "string" || value instanceof Uint8Array;
    const text = isContent ? value : JSON.stringify(value);
    if (value !== null) await writeFile(join(directory, name), text);
  }
  return directory;
}

const warnings: string[] = [];
const load = (directory: string): Promise<Model> =>
  loadModel(directory, referenceBackend(), { onWarning: (message) => warnings.push(message) });

beforeAll(async () => {
  const model = { config, state: stateOf({ flava: flavaParameters(config) }) };
  await saveModel(original, model);
  await rm(join(original, "vocab.txt")); // has 30,522 pieces, unlike this model
});

describe("a directory of transformers 5", () => {
  it("is followed: vocabulary, capitals, accents, length and image processor", async () => {
    const model = await load(await directoryWith({}));
    expect(model.tokenizer.vocabulary.pieces).toEqual(pieces);
    expect(model.tokenizer.settings).toEqual({ lowercase: false, stripAccents: false, longest: 7 });
    expect([...model.tokenizer.encode("Red icons red")]).toEqual([2, 5, 6, 7, 1, 3]);
    expect(model.tokenizer.longest(config.text.positions)).toBe(7);
    expect(model.processor.encoder.centerCrop).toEqual({ height: 32, width: 32 });
    expect(warnings).toEqual([]);
  });

  it("is followed beside the files of older versions that say the same", async () => {
    const directory = await directoryWith({
      "special_tokens_map.json": { mask_token: { content: "[MASK]" }, unk_token: "[UNK]" },
      "added_tokens.json": { "[MASK]": 4 },
    });
    expect((await load(directory)).tokenizer.vocabulary.pieces).toEqual(pieces);
  });

  const changed = (change: object): object => ({ ...tokenizer, ...change });
  it.each<[string, string, Readonly<Record<string, unknown>>]>([
    [
      "another model of words",
      '"model.type": Expected "WordPiece"',
      { "tokenizer.json": changed({ model: { ...tokenizer.model, type: "BPE" } }) },
    ],
    [
      "another normalizer",
      '"normalizer.type"',
      { "tokenizer.json": changed({ normalizer: { type: "NFC" } }) },
    ],
    [
      "tokens outside of the vocabulary",
      'special tokens only, not "<image>"',
      { "tokenizer.json": changed({ added_tokens: [{ id: 8, content: "<image>" }] }) },
    ],
    [
      "other special tokens",
      '"unk_token": Expected "[UNK]"',
      { "tokenizer_config.json": { unk_token: "<unk>" } },
    ],
    [
      "a contradiction",
      "lowercase is true in tokenizer_config.json and false in tokenizer.json",
      { "tokenizer_config.json": { do_lower_case: true } },
    ],
    [
      "a token of its vocabulary that texts would contain whole",
      'five special tokens only, not "icon"',
      { "tokenizer.json": changed({ added_tokens: [{ id: 6, content: "icon" }] }) },
    ],
    [
      "further special tokens",
      '"additional_special_tokens": Expected no further tokens',
      { "tokenizer_config.json": { additional_special_tokens: ["<image>"] } },
    ],
    [
      "further special tokens, as before transformers 4.34",
      'special_tokens_map.json cannot be followed. "additional_special_tokens"',
      {
        "special_tokens_map.json": { mask_token: "[MASK]", additional_special_tokens: ["<image>"] },
      },
    ],
    [
      "further tokens, as before transformers 4.34",
      'special tokens only, not "<image>"',
      { "added_tokens.json": { "[MASK]": 4, "<image>": 8 } },
    ],
    [
      "a vocabulary of another encoding",
      "vocab.txt is not UTF-8",
      {
        "tokenizer.json": null,
        "vocab.txt": Buffer.from([...pieces.slice(0, 7), "\xe9t\xe9"].join("\n"), "latin1"),
      },
    ],
    [
      "padding on the left",
      '"padding_side": Expected "right"',
      { "tokenizer_config.json": { padding_side: "left" } },
    ],
    [
      "truncation on the left",
      '"truncation.direction": Expected "right"',
      { "tokenizer.json": changed({ truncation: { max_length: 7, direction: "Left" } }) },
    ],
    [
      "texts without [SEP]",
      '"post_processor.single": Expected [CLS], the text, [SEP]',
      {
        "tokenizer.json": changed({
          post_processor: {
            type: "TemplateProcessing",
            single: [{ SpecialToken: { id: "[CLS]", type_id: 0 } }, { Sequence: { id: "A" } }],
          },
        }),
      },
    ],
    ["two vocabularies", "different vocabularies", { "vocab.txt": pieces.toReversed().join("\n") }],
    [
      "no vocabulary of its own size",
      "8 word embeddings, but BERT's uncased vocabulary has 30522",
      { "tokenizer.json": null },
    ],
    [
      "the image processor of another model",
      "expected a FlavaImageProcessor",
      {
        "processor_config.json": {
          image_processor: { image_processor_type: "CLIPImageProcessor" },
        },
      },
    ],
  ])("is refused when it has %s", async (_, message, files) => {
    await expect(load(await directoryWith(files))).rejects.toThrow(message);
  });

  it("says that positions are interpolated where its images are of another size", async () => {
    const larger = { ...processor.image_processor, size: 48, crop_size: 48 };
    for (const files of [
      { "processor_config.json": { image_processor: larger } },
      { "processor_config.json": null, "preprocessor_config.json": larger },
    ]) {
      const directory = await directoryWith(files);
      await load(directory);
      expect(warnings.splice(0)).toEqual([
        `${directory}: Its image processor makes images of 48 x 48 pixels, but config.json says 32 x 32: the positions of ` +
          "patches are interpolated.",
      ]);
    }
  });

  it("says how a second image processor differs, which transformers 4 follows", async () => {
    const { image_processor } = processor;
    const other = { ...image_processor, resample: 2, image_mean: [0.5, 0.5, 0.5] };
    const directory = await directoryWith({ "preprocessor_config.json": other });
    const { processor: followed } = await load(directory);
    expect(followed.encoder.resize!.filter).toBe("bicubic");
    expect(warnings.splice(0)).toEqual([
      `${directory}: preprocessor_config.json differs from processor_config.json, which is followed, in resample, image_mean. ` +
        "Delete the one that is not meant.",
    ]);
    const same = { ...image_processor, size: { width: 32, height: 32 } };
    await load(await directoryWith({ "preprocessor_config.json": same }));
    expect(warnings).toEqual([]);
  });

  it("without an image processor says which one is used", async () => {
    const directory = await directoryWith({ "processor_config.json": null });
    const { processor: standard } = await load(directory);
    expect(standard.encoder.centerCrop).toEqual({ height: 32, width: 32 });
    expect(warnings.splice(0)).toEqual([
      `${directory}: No image processor; using FLAVA's, with images of 32 pixels.`,
    ]);
  });

  it("keeps its further settings when it is saved elsewhere", async () => {
    const directory = await directoryWith({});
    const path = join(directory, "config.json");
    const json = JSON.parse(await readFile(path, "utf8")) as Record<string, object>;
    json.text_config = { ...json.text_config, hidden_dropout_prob: 0.25 };
    await writeFile(path, JSON.stringify({ ...json, mlm_weight: 0.5, transformers_version: "4" }));
    const copy = join(folder, "copy");
    await saveModel(copy, await load(directory));
    const written = JSON.parse(await readFile(join(copy, "config.json"), "utf8")) as object;
    expect(written).toMatchObject({ mlm_weight: 0.5, text_config: { hidden_dropout_prob: 0.25 } });
    expect(written).not.toHaveProperty("transformers_version");
  });
});

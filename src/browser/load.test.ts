import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { fileServer } from "../../test/file-server.js";
import { packagePath } from "../base/package-root.js";
import { load } from "./load.js";

const server = await fileServer();
const mini = packagePath("models", "mini");
const contents: Record<string, Buffer> = { "model.safetensors": Buffer.from("no weights") };

beforeAll(async () => {
  for (const name of ["config.json", "vocab.txt", "preprocessor_config.json"])
    contents[name] = await readFile(join(mini, name));
});

/** Loads the model that ships, but with other files; null omits one. Its weights are none. */
function loadWith(files: Readonly<Record<string, object | string | null>>) {
  server.files.clear();
  for (const [name, content] of Object.entries({ ...contents, ...files }))
    if (content !== null)
      server.files.set(
        `/model/${name}`,
        content instanceof Buffer ? content : Buffer.from(JSON.stringify(content)),
      );
  return load(`${server.url}/model/`, { cache: false });
}

describe("a model at a URL", () => {
  const crop = { height: 64, width: 64 };
  it.each<[string, string, Readonly<Record<string, object | string | null>>]>([
    [
      "further special tokens, as before transformers 4.34",
      'model/special_tokens_map.json cannot be followed. "additional_special_tokens"',
      { "special_tokens_map.json": { additional_special_tokens: ["<image>"] } },
    ],
    [
      "further tokens, as before transformers 4.34",
      'special tokens only, not "<image>"',
      { "added_tokens.json": { "<image>": 30522 } },
    ],
    [
      "the image processor of another model, as transformers 5 writes it",
      "expected a FlavaImageProcessor",
      {
        "processor_config.json": {
          image_processor: { image_processor_type: "CLIPImageProcessor" },
        },
      },
    ],
    [
      "no image processor",
      "neither processor_config.json nor preprocessor_config.json",
      { "preprocessor_config.json": null },
    ],
    [
      "more words than word embeddings",
      "5 word embeddings, but its vocabulary has 30522 pieces",
      { "config.json": { model_type: "flava", text_config: { vocab_size: 5 } } },
    ],
    [
      "no weights, if its image processor is where transformers 5 writes it",
      "model.safetensors",
      {
        "preprocessor_config.json": null,
        "processor_config.json": { image_processor: { size: crop, crop_size: crop } },
      },
    ],
  ])("is refused when it has %s", async (_, message, files) => {
    await expect(loadWith(files)).rejects.toThrow(message);
  });
});

import { imageInCell } from "../../data/formats/table/source.js";
import { isImageName } from "../../data/image/image-type.js";
import { unusable } from "../http/api-error.js";
import type { ServerApp } from "../http/app.js";
import type { Call } from "../http/call.js";
import { addOperation } from "../http/operation.js";
import type { GivenImage } from "../images/given-image.js";
import { isDataUrl } from "../images/image-bytes.js";
import type { TextItem } from "../models/items.js";
import {
  type EmbeddingInput,
  embeddingsRequest,
  embeddingsResponse,
} from "../schemas/embeddings.js";
import type { ModelDescription } from "../schemas/models.js";

export function addEmbeddings(app: ServerApp): void {
  addOperation(
    app,
    {
      path: "/v1/embeddings",
      summary: "Embeddings of texts and images in one space, at length 1.",
      request: embeddingsRequest,
      response: embeddingsResponse,
    },
    async ({ input, model: name, encoding_format, dimensions, truncate }, call) => {
      const model = call.model(name);
      requireDimensions(model.description, dimensions);
      const inputs = inputsOf(input);
      call.count("input", inputs.length);
      const items = inputs.map(([given, param]) => itemOf(given, param, truncate, call));
      const found = await model.embed(items, call);
      const tokens = found.reduce((sum, item) => sum + item.tokens, 0);
      call.read(tokens);
      return {
        object: "list" as const,
        data: found.map(({ vector }, index) => ({
          object: "embedding" as const,
          index,
          embedding: encoding_format === "float" ? Array.from(vector) : base64Of(vector),
        })),
        model: model.name,
        usage: { prompt_tokens: tokens, total_tokens: tokens },
      };
    },
  );
}

/** Each input with the field it is in. An array of numbers is one input: token ids. */
function inputsOf(input: EmbeddingInput | EmbeddingInput[]): [EmbeddingInput, string][] {
  const isMany = Array.isArray(input) && typeof input[0] !== "number";
  if (!isMany) return [[input as EmbeddingInput, "input"]];
  return (input as EmbeddingInput[]).map((one, index) => [one, `input[${index}]`]);
}

function itemOf(
  given: EmbeddingInput,
  param: string,
  truncate: boolean,
  { image }: Pick<Call, "image">,
): GivenImage | TextItem {
  if (given instanceof Uint8Array) return image(given, param);
  if (Array.isArray(given)) return { text: Int32Array.from(given), param, truncate };
  if (typeof given === "object") {
    return "text" in given
      ? { text: given.text, param: `${param}.text`, truncate }
      : image(given.image, `${param}.image`);
  }
  const trimmed = given.trim();
  if (isDataUrl(trimmed)) return image(trimmed, param);
  requireNoImage(trimmed, param);
  return { text: given, param, truncate };
}

/** A URL, a path or base64 alone was probably meant to be an image: its characters would be embedded in its place. */
function requireNoImage(text: string, param: string): void {
  const shown = JSON.stringify(text.slice(0, 80));
  const itself = 'to embed the characters themselves, send { "text": ... }';
  if (/^[a-z][a-z\d+.-]*:\/\/\S+$/i.test(text)) {
    throw unusable(
      param,
      `${shown} is a URL. For the image there, send { "image": URL }; ${itself}.`,
    );
  }
  if (/^\S+$/.test(text) && isImageName(text)) {
    throw unusable(
      param,
      `${shown} is the name of an image file. Paths are not read: send the file in a form, or a data: URL; ${itself}.`,
    );
  }
  if (imageInCell(text)) {
    throw unusable(
      param,
      `${shown} is an image in base64. Send it as a data: URL, data:image/png;base64,...; ${itself}.`,
    );
  }
}

function requireDimensions(model: ModelDescription, dimensions: number | undefined): void {
  if (dimensions === undefined || dimensions === model.dimensions) return;
  throw unusable(
    "dimensions",
    `the embeddings of ${model.id} have ${model.dimensions} numbers, not ${dimensions}. They were not trained to be cut, so ` +
      "leave this out.",
  );
}

/** The bytes of float32 numbers, little-endian as on all processors that Node runs on, in base64. */
const base64Of = (vector: Float32Array): string =>
  Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64");

import { ApiError } from "../http/api-error.js";
import type { ServerApp } from "../http/app.js";
import { addOperation } from "../http/operation.js";
import { imageBytes, isDataUrl } from "../images/image-bytes.js";
import {
  type EmbeddingInput,
  embeddingsRequest,
  embeddingsResponse,
} from "../schemas/embeddings.js";
import type { EmbeddingItem, ServedModel } from "../served-model.js";

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
      requireDimensions(model, dimensions);
      const items = inputsOf(input).map(([given, param]) => itemOf(given, param, truncate));
      const found = await model.embed(items, call);
      const tokens = found.reduce((sum, item) => sum + item.tokens, 0);
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

function itemOf(given: EmbeddingInput, param: string, truncate: boolean): EmbeddingItem {
  if (given instanceof Uint8Array) return { image: given, param };
  if (Array.isArray(given)) return { text: Int32Array.from(given), param, truncate };
  if (typeof given === "object") {
    return "text" in given
      ? { text: given.text, param: `${param}.text`, truncate }
      : { image: imageBytes(given.image, `${param}.image`), param: `${param}.image` };
  }
  if (isDataUrl(given)) return { image: imageBytes(given, param), param };
  requireNoUrl(given, param);
  return { text: given, param, truncate };
}

/** A URL alone was probably meant to be fetched: its text would be embedded in its place. */
function requireNoUrl(text: string, param: string): void {
  if (!/^https?:\/\/\S+$/i.test(text)) return;
  throw new ApiError(
    422,
    `${param}: ${JSON.stringify(text.slice(0, 80))} is a URL. For the image there, send { "image": URL }; for the ` +
      'words of the URL itself, { "text": URL }.',
    { param },
  );
}

function requireDimensions({ name, flava }: ServedModel, dimensions: number | undefined): void {
  if (dimensions === undefined || dimensions === flava.width) return;
  throw new ApiError(
    422,
    `dimensions: the embeddings of ${name} have ${flava.width} numbers, not ${dimensions}. They were not trained to be ` +
      "cut, so leave dimensions out.",
    { param: "dimensions" },
  );
}

/** The bytes of float32 numbers, little-endian as on all processors that Node runs on, in base64. */
const base64Of = (vector: Float32Array): string =>
  Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString("base64");

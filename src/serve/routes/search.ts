import { z } from "@hono/zod-openapi";
import sharp from "sharp";
import { decodeImage } from "../../data/image/decode.js";
import type { Image } from "../../data/image/image.js";
import { imageOf } from "../../search/rerank.js";
import type { Hit } from "../../search/vector-index.js";
import { ApiError, unusable } from "../http/api-error.js";
import type { ServerApp } from "../http/app.js";
import { addOperation } from "../http/operation.js";
import { manyOf } from "../schemas/inputs.js";
import { searchRequest, searchResponse } from "../schemas/search.js";

const imagePath = "/v1/search/image";

export function addSearch(app: ServerApp): void {
  addOperation(
    app,
    {
      path: "/v1/search",
      summary: "The entries of the server's index that are nearest to a text, an image or both.",
      request: searchRequest,
      response: searchResponse,
    },
    async ({ text, image, image_weight, without, top, among, filter, model: name }, call) => {
      const model = call.model(name);
      if (text === undefined && image === undefined) {
        throw unusable("text", "expected a text or an image to search for");
      }
      call.count("text", 1);
      const query = {
        ...(text !== undefined && { text }),
        ...(image !== undefined && { image: call.image(image, "image") }),
        ...(without !== undefined && { without: manyOf(without) }),
        ...(image_weight !== undefined && { imageWeight: image_weight }),
      };
      const { hits, tokens } = await model.search(query, {
        ...{ client: call.client, signal: call.signal, top },
        ...(among && { kind: among === "images" ? ("image" as const) : ("text" as const) }),
        ...(filter && { filter }),
      });
      call.read(tokens);
      return {
        data: hits.map(hitOf),
        model: model.name,
        usage: { prompt_tokens: tokens, total_tokens: tokens },
      };
    },
  );
}

/** What clients see of a hit. */
function hitOf({ key, similarity, path, text, label, fields, place }: Hit) {
  return {
    ...{ key, similarity },
    ...(path !== undefined && { path }),
    ...(text !== undefined && { text }),
    ...(label !== undefined && { label }),
    ...(fields && { fields }),
    ...((place ?? path) && { image_url: `${imagePath}?key=${encodeURIComponent(key)}` }),
  };
}

async function readImage(entry: Pick<Hit, "key" | "path" | "place">): Promise<Image> {
  try {
    return await decodeImage(await imageOf(entry));
  } catch (cause) {
    const shown = JSON.stringify(entry.key.slice(0, 80));
    throw new ApiError(404, `The index has no image with the key ${shown} that can be shown.`, {
      cause,
    });
  }
}

/** Longer side of the images that are shown, in pixels. */
const shownSize = 512;

/** Shows the image of an entry by its key, so that clients need no paths. */
export function addSearchImage(app: ServerApp): void {
  app.openAPIRegistry.registerPath({
    method: "get",
    path: imagePath,
    summary: `The image of an entry of the index, at most ${shownSize} pixels wide and high.`,
    request: { query: z.object({ key: z.string(), model: z.string().optional() }) },
    responses: { 200: { description: "The image.", content: { "image/webp": {} } } },
  });
  app.get(imagePath, async (context) => {
    const call = context.get("call");
    const key = context.req.query("key") ?? "";
    const [entry] = await call.model(context.req.query("model")).index.get([key], call);
    const { width, height, pixels } = await readImage(entry ?? { key });
    const image = await sharp(pixels, { raw: { width, height, channels: 3 } })
      .resize(shownSize, shownSize, { fit: "inside", withoutEnlargement: true })
      .webp()
      .toBuffer();
    return context.body(new Uint8Array(image), 200, { "content-type": "image/webp" });
  });
}

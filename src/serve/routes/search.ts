import { z } from "@hono/zod-openapi";
import sharp from "sharp";
import { decodeImage } from "../../data/image/decode.js";
import type { Image } from "../../data/image/image.js";
import { type MatchedHit, imageOf } from "../../search/rerank.js";
import { ApiError, unusable } from "../http/api-error.js";
import type { ServerApp } from "../http/app.js";
import type { Call } from "../http/call.js";
import { addOperation } from "../http/operation.js";
import { readQuery } from "../http/query.js";
import type { SearchItem } from "../models/items.js";
import { errorAnswer } from "../schemas/error.js";
import { manyOf, modelSchema } from "../schemas/inputs.js";
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
    async ({ model: name, ...request }, call) => {
      const { top, among, filter, rerank } = request;
      const model = call.model(name);
      call.count("rerank", 1 + (rerank ?? 0));
      const options = {
        ...{ top, ...(among && { kind: kindOf[among] }) },
        ...(filter && { filter }),
        ...(rerank !== undefined && { rerank }),
      };
      const { hits, tokens } = await model.search(queryOf(request, call), options, call);
      call.read(tokens);
      return {
        data: hits.map(hitOf),
        model: model.name,
        usage: { prompt_tokens: tokens, total_tokens: tokens },
      };
    },
  );
}

const kindOf = { images: "image", texts: "text" } as const;

function queryOf(
  { text, image, similar_to, image_weight, without, rerank = 0 }: z.output<typeof searchRequest>,
  call: Call,
): SearchItem {
  if (text === undefined && image === undefined && similar_to === undefined) {
    throw unusable("text", "expected a text, an image or the key of an entry to search for");
  }
  if (image !== undefined && similar_to !== undefined) {
    throw unusable("similar_to", "expected an image or the key of an entry, but got both");
  }
  if (image_weight !== undefined && (text === undefined || (image ?? similar_to) === undefined)) {
    throw unusable(
      "image_weight",
      "expected a text and an image, or the key of an entry, to weigh against each other, but there is only one of them: " +
        "leave it out, or send both",
    );
  }
  return {
    ...(text !== undefined && { text }),
    ...(image !== undefined && { image: call.image(image, "image", 1 + rerank) }),
    ...(similar_to !== undefined && { similarTo: similar_to }),
    ...(without !== undefined && { without: manyOf(without) }),
    ...(image_weight !== undefined && { imageWeight: image_weight }),
  };
}

/** What clients see of a hit. */
function hitOf({ key, similarity, match, fault, path, text, label, fields, place }: MatchedHit) {
  return {
    ...{ key, similarity },
    ...(match !== undefined && { match }),
    ...(fault !== undefined && { fault }),
    ...(path !== undefined && { path }),
    ...(text !== undefined && { text }),
    ...(label !== undefined && { label }),
    ...(fields && { fields }),
    ...((place ?? path) && { image_url: `${imagePath}?key=${encodeURIComponent(key)}` }),
  };
}

async function readImage(entry: Parameters<typeof imageOf>[0]): Promise<Image> {
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

const keyExpected = `expected the key of an entry, as in ${imagePath}?key=KEY`;

const imageQuery = z.object({
  key: z
    .string({ error: keyExpected })
    .min(1, { error: keyExpected })
    .openapi({ description: "The key of an entry." }),
  model: modelSchema,
});

/** Shows the image of an entry by its key, so that clients need no paths. */
export function addSearchImage(app: ServerApp): void {
  app.openAPIRegistry.registerPath({
    method: "get",
    path: imagePath,
    summary: `The image of an entry of the index, at most ${shownSize} pixels wide and high.`,
    request: { query: imageQuery },
    responses: {
      200: { description: "The image.", content: { "image/webp": {} } },
      default: errorAnswer,
    },
  });
  app.get(imagePath, async (context) => {
    const { key, model } = readQuery(context, imageQuery);
    const call = context.get("call");
    const [entry] = await call.model(model).index.get([key], call);
    const { width, height, pixels } = await readImage(entry ?? { key });
    const image = await sharp(pixels, { raw: { width, height, channels: 3 } })
      .resize(shownSize, shownSize, { fit: "inside", withoutEnlargement: true })
      .webp()
      .toBuffer();
    return context.body(new Uint8Array(image), 200, { "content-type": "image/webp" });
  });
}

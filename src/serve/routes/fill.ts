import { unusable } from "../http/api-error.js";
import type { ServerApp } from "../http/app.js";
import { addOperation } from "../http/operation.js";
import { encodePng } from "../images/encode-png.js";
import { fillImageRequest, fillImageResponse, fillRequest, fillResponse } from "../schemas/fill.js";
import { fieldsOf } from "../schemas/inputs.js";

export function addFill(app: ServerApp): void {
  addOperation(
    app,
    {
      path: "/v1/fill",
      summary: "Predicts each [MASK] of texts, from the text alone or together with an image.",
      request: fillRequest,
      response: fillResponse,
    },
    async ({ texts, image, top, model: name }, call) => {
      const model = call.model(name);
      const fields = fieldsOf("texts", texts);
      call.count("texts", fields.length);
      const given = image === undefined ? undefined : call.image(image, "image", fields.length);
      const items = fields.map(([text, param]) => ({
        ...{ text, param, top },
        ...(given && { image: given }),
      }));
      const found = await model.fill(items, call);
      return { data: found.map((filled, index) => ({ index, ...filled })), model: model.name };
    },
  );
}

export function addFillImage(app: ServerApp): void {
  addOperation(
    app,
    {
      path: "/v1/fill/image",
      summary: "Hides patches of an image and draws what the model thinks is there.",
      request: fillImageRequest,
      response: fillImageResponse,
    },
    async ({ image, hidden, seed, model: name }, call) => {
      const model = call.model(name);
      if (hidden && seed !== undefined) {
        throw unusable(
          "seed",
          "expected the patches in hidden, or the seed of random ones, but got both",
        );
      }
      call.count("image", 1);
      const item = {
        image: call.image(image, "image"),
        ...(seed !== undefined && { seed }),
        ...(hidden && { hidden }),
      };
      const { grid, hidden: chosen, tokens, image: drawn } = await model.fillImage(item, call);
      return {
        grid,
        hidden: [...chosen.keys()].filter((patch) => chosen[patch] === 1),
        tokens: Array.from(tokens),
        ...(drawn && { image: await encodePng(drawn) }),
        model: model.name,
      };
    },
  );
}

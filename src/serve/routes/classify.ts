import type { ServerApp } from "../http/app.js";
import { addOperation } from "../http/operation.js";
import { classifyRequest, classifyResponse } from "../schemas/classify.js";
import { fieldsOf, manyOf } from "../schemas/inputs.js";

export function addClassify(app: ServerApp): void {
  addOperation(
    app,
    {
      path: "/v1/classify",
      summary: "Zero-shot classification of images by labels.",
      request: classifyRequest,
      response: classifyResponse,
    },
    async ({ images, labels, templates, top, model: name }, call) => {
      const model = call.model(name);
      const given = fieldsOf("images", images).map(([image, param]) => call.image(image, param));
      call.count("images", given.length);
      const found = await model.classify(given, manyOf(labels), {
        ...call,
        ...(templates !== undefined && { templates: manyOf(templates) }),
      });
      return {
        data: found.map((ranked, index) => ({ index, labels: ranked.slice(0, top) })),
        model: model.name,
      };
    },
  );
}

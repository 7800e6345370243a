import type { ServerApp } from "../http/app.js";
import { addOperation } from "../http/operation.js";
import { imageBytes } from "../images/image-bytes.js";
import { fieldsOf } from "../schemas/inputs.js";
import { matchRequest, matchResponse } from "../schemas/match.js";

export function addMatch(app: ServerApp): void {
  addOperation(
    app,
    {
      path: "/v1/match",
      summary: "The probability that an image and a text belong together, for each image and text.",
      request: matchRequest,
      response: matchResponse,
    },
    async ({ images, texts, truncate, model: name }, call) => {
      const model = call.model(name);
      const columns = fieldsOf("texts", texts);
      const pairs = fieldsOf("images", images).flatMap(([given, imageParam]) => {
        const image = imageBytes(given, imageParam);
        return columns.map(([text, param]) => ({ image, imageParam, text, param, truncate }));
      });
      const found = await model.match(pairs, call);
      const rows = pairs.length / columns.length;
      return {
        probabilities: Array.from({ length: rows }, (_, row) =>
          found.slice(row * columns.length, (row + 1) * columns.length),
        ),
        model: model.name,
      };
    },
  );
}

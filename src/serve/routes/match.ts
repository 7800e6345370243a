import type { ServerApp } from "../http/app.js";
import { addOperation } from "../http/operation.js";
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
      const given = fieldsOf("images", images);
      call.count("images x texts", given.length * columns.length);
      const pairs = given.flatMap(([source, imageParam]) => {
        const image = call.image(source, imageParam, columns.length);
        return columns.map(([text, param]) => ({ image, text, param, truncate }));
      });
      const found = await model.match(pairs, call);
      return {
        probabilities: given.map((_, row) =>
          found.slice(row * columns.length, (row + 1) * columns.length),
        ),
        model: model.name,
      };
    },
  );
}

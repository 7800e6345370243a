/** `GET /v1/models` and `GET /v1/models/{model}`, as OpenAI's clients ask for them. */
import type { ServerApp } from "../http/app.js";
import { addView } from "../http/view.js";
import type { ServedModels } from "../models/served-models.js";
import { modelDescription, modelsResponse } from "../schemas/models.js";

export function addModels(app: ServerApp, models: ServedModels): void {
  addView(
    app,
    {
      path: "/v1/models",
      summary: "The models of this server, the default one first.",
      response: modelsResponse,
    },
    (context) =>
      context.json({ object: "list", data: models.all().map(({ description }) => description) }),
  );
  addView(
    app,
    {
      path: "/v1/models/{model}",
      summary: "A model of this server.",
      response: modelDescription,
    },
    (context) => context.json(context.get("call").model(context.req.param("model")).description),
  );
}

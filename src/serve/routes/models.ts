import type { ServerApp } from "../http/app.js";
import { modelsResponse } from "../schemas/models.js";
import type { ServedModels } from "../models/served-models.js";

export function addModels(app: ServerApp, models: ServedModels): void {
  app.openAPIRegistry.registerPath({
    method: "get",
    path: "/v1/models",
    summary: "The models of this server.",
    responses: {
      200: {
        description: "The models, the default one first.",
        content: { "application/json": { schema: modelsResponse } },
      },
    },
  });
  app.get("/v1/models", (context) =>
    context.json({ object: "list", data: models.all().map(({ description }) => description) }),
  );
}

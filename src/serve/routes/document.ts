/** The description of all endpoints, for programs at /openapi.json and for people at /docs. */
import type { ServerApp } from "../http/app.js";
import { takesNoQuery } from "../http/query.js";
import { documentPage } from "../document-page.js";

export function addDocument(app: ServerApp): void {
  const document = () =>
    app.getOpenAPI31Document({
      openapi: "3.1.0",
      info: {
        title: "flava",
        version: "1",
        description: "FLAVA, one model for images, text and both, over HTTP.",
      },
    });
  app.get("/openapi.json", takesNoQuery, (context) => context.json(document()));
  app.get("/docs", (context) => context.html(documentPage(document())));
}

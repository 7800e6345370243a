/** All endpoints of a server, without its socket. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { serveStatic } from "@hono/node-server/serve-static";
import { ApiError } from "./http/api-error.js";
import type { ServerApp } from "./http/app.js";
import { addClassify } from "./routes/classify.js";
import { addEmbeddings } from "./routes/embeddings.js";
import { addFill, addFillImage } from "./routes/fill.js";
import { addHealth } from "./routes/health.js";
import { addMatch } from "./routes/match.js";
import { addModels } from "./routes/models.js";
import type { ServedModels } from "./served-models.js";

export interface AppOptions {
  readonly models: ServedModels;
  /** Whether new requests are taken. */
  readonly isReady: () => boolean;
  /** Adds further endpoints. */
  readonly extend?: ((app: ServerApp) => void) | undefined;
  /** A directory with a web page and its files, served at /. */
  readonly pages?: string | undefined;
}

export function createApp({ models, isReady, extend, pages }: AppOptions): ServerApp {
  const app: ServerApp = new OpenAPIHono();
  app.use(async (context, next) => {
    context.set("call", { model: (name) => models.get(name), signal: context.req.raw.signal });
    await next();
  });
  for (const add of [addEmbeddings, addClassify, addMatch, addFill, addFillImage]) add(app);
  addModels(app, models);
  addHealth(app, isReady);
  extend?.(app);
  app.doc31("/openapi.json", {
    openapi: "3.1.0",
    info: { title: "flava", version: "1", description: "FLAVA: images, text and both." },
  });
  if (pages !== undefined) app.use("*", serveStatic({ root: pages }));
  app.notFound(({ req }) => {
    const { method, path } = req;
    return answerOf(
      new ApiError(404, `There is no ${method} ${path}. All endpoints are in /openapi.json.`),
    );
  });
  app.onError((error) => answerOf(error));
  return app;
}

function answerOf(error: unknown): Response {
  const known =
    error instanceof ApiError
      ? error
      : new ApiError(500, `The server failed: ${String(error)}`, { cause: error });
  return Response.json(known.body, { status: known.status, headers: { ...known.headers } });
}

/** All endpoints of a server, without its socket. */
import { OpenAPIHono } from "@hono/zod-openapi";
import { suggestion } from "../base/suggestion.js";
import { ApiError } from "./http/api-error.js";
import type { AppEnvironment, ServerApp } from "./http/app.js";
import { type CallsOptions, calls } from "./http/calls.js";
import { requireOwnName } from "./http/own-name.js";
import { type LoggedRequest, requestLog } from "./http/request-log.js";
import type { Metrics } from "./metrics.js";
import type { ServerGroup } from "./processes/server-group.js";
import { addCard } from "./routes/card.js";
import { addClassify } from "./routes/classify.js";
import { addDocument } from "./routes/document.js";
import { addEmbeddings } from "./routes/embeddings.js";
import { addFill, addFillImage } from "./routes/fill.js";
import { addHealth } from "./routes/health.js";
import { addMatch } from "./routes/match.js";
import { addMetrics } from "./routes/metrics.js";
import { addModels } from "./routes/models.js";
import { addPredict } from "./routes/predict.js";
import { addSearch, addSearchImage } from "./routes/search.js";
import { addRuns } from "./runs/routes.js";
import { addTabModel } from "./tab-model.js";
import { addWebApp } from "./web-app.js";

/** What a server answers besides its models' endpoints, and what it tells. */
export interface EndpointOptions {
  /** The processes that answer together, of which this is one; default: none. */
  readonly group?: ServerGroup | undefined;
  /** Receives every request after it was answered. */
  readonly onRequest?: ((request: LoggedRequest) => void) | undefined;
  /** Adds further endpoints. */
  readonly extend?: ((app: ServerApp) => void) | undefined;
  /** A directory whose training runs and evaluations are shown. */
  readonly runs?: string | undefined;
  /** Names that requests to a loopback address may ask for, such as that of a proxy; API keys make this needless. */
  readonly hostNames?: readonly string[] | undefined;
  /** A directory with a web page and its files, served at /. */
  readonly pages?: string | undefined;
}

export interface AppOptions extends CallsOptions, EndpointOptions {
  readonly metrics: Metrics;
  /** Receives why a request failed, if that is not the client's fault. */
  readonly onWarning?: ((message: string) => void) | undefined;
}

/** Endpoints that use a model. */
const operations = [
  ...[addEmbeddings, addClassify, addMatch, addFill, addFillImage, addPredict],
  addSearch,
];

export function createApp(options: AppOptions): ServerApp {
  const { models, metrics, group, onRequest, onWarning, extend, runs, pages, isReady } = options;
  const app: ServerApp = new OpenAPIHono<AppEnvironment>();
  app.use(
    requestLog((request) => {
      metrics.addRequest(request);
      onRequest?.(request);
    }),
  );
  if (!options.keys) app.use(requireOwnName(options.hostNames ?? []));
  app.use("/v1/*", calls(options));
  for (const add of operations) add(app);
  addSearchImage(app);
  addModels(app, models);
  addCard(app);
  addRuns(app, runs);
  addHealth(app, isReady, group);
  addMetrics(app, metrics, group);
  extend?.(app);
  addDocument(app);
  if (pages !== undefined) {
    addTabModel(app, options);
    addWebApp(app, pages);
  }
  app.notFound(({ req: { method, path } }) => answerOf(unknownEndpoint(app, method, path)));
  app.onError((error, { req: { method, path } }) => {
    if (!(error instanceof ApiError)) onWarning?.(`${method} ${path} failed: ${error.stack}`);
    return answerOf(error);
  });
  return app;
}

/** Another method of a known path, or an unknown path. */
function unknownEndpoint({ routes }: ServerApp, method: string, path: string): ApiError {
  const endpoints = routes.filter((route) => route.method !== "ALL");
  const methods = endpoints.filter((route) => isOn(route.path, path)).map((route) => route.method);
  const missing = `There is no ${method} ${path.slice(0, 100)}`;
  if (methods.length === 0) {
    const plain = path.replace(/\/+/g, "/").replace(/\/$/, ""); // what a path joined from parts was meant to be
    const isMeant = endpoints.some((route) => isOn(route.path, plain));
    const names = isMeant ? [plain] : endpoints.map((route) => route.path);
    const hint = suggestion(path.slice(0, 100), names) || " All endpoints are shown at /docs.";
    return new ApiError(404, `${missing}.${hint}`);
  }
  const all = new Set(methods.flatMap((own) => (own === "GET" ? ["GET", "HEAD"] : [own])));
  const allow = [...all].join(", ");
  return new ApiError(405, `${missing}; use ${methods[0]!}.`, { headers: { allow } });
}

/** Whether a route, such as "/v1/models/:model", has this path. */
function isOn(route: string, path: string): boolean {
  const [names, parts] = [route.split("/"), path.split("/")];
  return (
    names.length === parts.length &&
    names.every((name, i) => (name.startsWith(":") ? parts[i] !== "" : name === parts[i]))
  );
}

function answerOf(error: unknown): Response {
  const known =
    error instanceof ApiError
      ? error
      : new ApiError(500, `The server failed: ${String(error)}`, { cause: error });
  return Response.json(known.body, { status: known.status, headers: { ...known.headers } });
}

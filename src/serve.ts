/**
 * Models behind HTTP endpoints, compatible with OpenAI's clients where those have the same.
 *
 * @module flava/serve
 *
 * @example
 * import { load } from "flava";
 * import { createServer } from "flava/serve";
 *
 * const server = await createServer({ models: { mini: () => load() } });
 * console.log(await server.listen({ port: 8000 }));
 */
export { Server, type ServerOptions, createServer } from "./serve/server.js";
export type { ListenOptions } from "./serve/listen.js";
export type { EndpointOptions } from "./serve/create-app.js";
export {
  ServerProcesses,
  type ServerProcessesOptions,
} from "./serve/processes/server-processes.js";
export { answerConnections } from "./serve/processes/answer-connections.js";
export type { ProcessCounts, ServerGroup } from "./serve/processes/server-group.js";
export type { MetricValues } from "./serve/processes/summed-metrics.js";
export type { LoadModel } from "./serve/models/served-models.js";
export type { BatchLimits } from "./serve/batch/lane.js";
export { ApiKeys } from "./serve/http/api-keys.js";
export type { ServerLimits } from "./serve/http/limits.js";
export type { LoggedRequest } from "./serve/http/request-log.js";
export type { AppEnvironment, ServerApp } from "./serve/http/app.js";
export type { RequestFacts } from "./serve/http/call.js";
export type { ClassifyRequest, ClassifyResponse } from "./serve/schemas/classify.js";
export type {
  EmbeddingInput,
  EmbeddingsRequest,
  EmbeddingsResponse,
} from "./serve/schemas/embeddings.js";
export type { ErrorResponse } from "./serve/schemas/error.js";
export type {
  FillImageRequest,
  FillImageResponse,
  FillRequest,
  FillResponse,
} from "./serve/schemas/fill.js";
export type { MatchRequest, MatchResponse } from "./serve/schemas/match.js";
export type { PredictRequest, PredictResponse } from "./serve/schemas/predict.js";
export type { SearchHit, SearchRequest, SearchResponse } from "./serve/schemas/search.js";
export type { ModelDescription, ModelsResponse } from "./serve/schemas/models.js";
export type { Flava } from "./api/flava.js";

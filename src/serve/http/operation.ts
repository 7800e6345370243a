/** Endpoints: a path with its request and response, as the server runs them and its OpenAPI document shows them. */
import type { z } from "@hono/zod-openapi";
import { responsesOf } from "../schemas/error.js";
import type { ServerApp } from "./app.js";
import type { Call } from "./call.js";
import { requireNoQuery } from "./query.js";
import { readBody } from "./read-body.js";

export interface OperationOptions<Request extends z.ZodObject, Response extends z.ZodType> {
  readonly path: string;
  readonly summary: string;
  readonly request: Request;
  readonly response: Response;
}

/** Adds `POST path` to the app and its document. */
export function addOperation<Request extends z.ZodObject, Response extends z.ZodType>(
  app: ServerApp,
  { path, summary, request, response }: OperationOptions<Request, Response>,
  run: (request: z.output<Request>, call: Call) => Promise<z.output<Response>>,
): void {
  app.openAPIRegistry.registerPath({
    method: "post",
    path,
    summary,
    request: {
      body: {
        required: true,
        content: {
          "application/json": { schema: request },
          "multipart/form-data": { schema: request },
        },
      },
    },
    responses: responsesOf(response),
  });
  app.post(path, async (context) => {
    requireNoQuery(context, Object.keys(request.shape));
    const call = context.get("call");
    const answer = async (): Promise<z.output<Response>> =>
      run(await readBody(context.req.raw, request, call.bodyBytes), call);
    return context.json(await orAborted(answer(), call.signal));
  });
}

/** The result of `work`, or the signal's reason as soon as it is aborted. */
async function orAborted<Result>(work: Promise<Result>, signal: AbortSignal): Promise<Result> {
  signal.throwIfAborted();
  let stop!: () => void;
  const aborted = new Promise<never>((_, reject) => {
    stop = (): void => reject(signal.reason as Error);
  });
  signal.addEventListener("abort", stop);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

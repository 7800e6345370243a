/** Endpoints that only show something: a path with its response. */
import { z } from "@hono/zod-openapi";
import type { Context } from "hono";
import { responsesOf } from "../schemas/error.js";
import type { AppEnvironment, ServerApp } from "./app.js";
import { noQuery, readQuery } from "./query.js";

export interface ViewOptions<Query extends z.ZodObject> {
  /** With parameters in braces, such as "/v1/runs/{run}". */
  readonly path: string;
  readonly summary: string;
  readonly response: z.ZodType;
  /** Parameters after "?", by name; default: none. */
  readonly query?: Query;
}

/** Adds `GET path` to the app and its document. */
export function addView<Query extends z.ZodObject = typeof noQuery>(
  app: ServerApp,
  { path, summary, response, query }: ViewOptions<Query>,
  answer: (
    context: Context<AppEnvironment>,
    query: z.output<Query>,
  ) => Promise<Response> | Response,
): void {
  const names = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name!);
  app.openAPIRegistry.registerPath({
    method: "get",
    path,
    summary,
    request: {
      ...(names.length > 0 && {
        params: z.object(Object.fromEntries(names.map((name) => [name, z.string()]))),
      }),
      ...(query && { query }),
    },
    responses: responsesOf(response),
  });
  app.get(path.replace(/\{(\w+)\}/g, ":$1"), (context) =>
    answer(context, readQuery(context, query ?? (noQuery as z.ZodObject as Query))),
  );
}

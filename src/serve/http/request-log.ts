import type { MiddlewareHandler } from "hono";
import { matchedRoutes } from "hono/route";
import type { AppEnvironment } from "./app.js";
import type { RequestFacts } from "./call.js";

/** A request that was answered; says nothing of its contents. */
export interface LoggedRequest extends RequestFacts {
  /** When it came, as ISO 8601. */
  readonly time: string;
  /** Such as "POST". */
  readonly method: string;
  /** Without the query. */
  readonly path: string;
  /** The endpoint that answered, such as "/v1/runs/:run"; of other requests undefined. */
  readonly route?: string | undefined;
  /** Of HTTP. */
  readonly status: number;
  /** From the request's arrival until it was answered. */
  readonly milliseconds: number;
}

/** Reports every request, once it is answered. */
export function requestLog(
  report: (request: LoggedRequest) => void,
): MiddlewareHandler<AppEnvironment> {
  return async (context, next) => {
    const [time, start] = [new Date().toISOString(), performance.now()];
    const facts: RequestFacts = {};
    context.set("facts", facts);
    await next();
    const milliseconds = Math.round(10 * (performance.now() - start)) / 10;
    const { method, path } = context.req;
    const route = matchedRoutes(context).findLast(isEndpoint)?.path;
    report({ time, method, path, route, status: context.res.status, milliseconds, ...facts });
  };
}

/** Middleware is there for all methods. */
const isEndpoint = (route: { readonly method: string }): boolean => route.method !== "ALL";

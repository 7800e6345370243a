import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Call, RequestFacts } from "./call.js";

/** The app that all endpoints are added to. */
export type ServerApp = OpenAPIHono<AppEnvironment>;

/** What middleware and endpoints share during a request, as Hono has it. */
export interface AppEnvironment {
  /** Set by the server's own middleware. */
  readonly Variables: {
    /**
     * Of requests to /v1.
     * @internal
     */
    readonly call: Call;
    /** What the request log will say of the request. */
    readonly facts: RequestFacts;
  };
}

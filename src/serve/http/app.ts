import type { OpenAPIHono } from "@hono/zod-openapi";
import type { Call, RequestFacts } from "./call.js";

/** The app that all endpoints are added to. */
export type ServerApp = OpenAPIHono<AppEnvironment>;

export interface AppEnvironment {
  readonly Variables: {
    /** Of requests to /v1. */
    readonly call: Call;
    readonly facts: RequestFacts;
  };
}

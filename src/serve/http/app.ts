import { OpenAPIHono } from "@hono/zod-openapi";
import type { Call } from "./call.js";

/** The app that all endpoints are added to. */
export type ServerApp = OpenAPIHono<{ Variables: { call: Call } }>;

/** Whether the server runs and takes requests, for supervisors and load balancers. */
import { z } from "@hono/zod-openapi";
import type { ServerApp } from "../http/app.js";

const statusResponse = z.object({ status: z.string() }).openapi("Status");
const json = (description: string) => ({
  description,
  content: { "application/json": { schema: statusResponse } },
});

/** @param isReady whether new requests are taken */
export function addHealth(app: ServerApp, isReady: () => boolean): void {
  app.openAPIRegistry.registerPath({
    method: "get",
    path: "/health",
    summary: "Whether the process runs.",
    responses: { 200: json("It runs.") },
  });
  app.openAPIRegistry.registerPath({
    method: "get",
    path: "/ready",
    summary: "Whether new requests are taken.",
    responses: { 200: json("They are."), 503: json("The server is stopping.") },
  });
  app.get("/health", (context) => context.json({ status: "ok" }));
  app.get("/ready", (context) =>
    isReady() ? context.json({ status: "ready" }) : context.json({ status: "stopping" }, 503),
  );
}

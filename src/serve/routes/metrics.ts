import type { ServerApp } from "../http/app.js";
import type { Metrics } from "../metrics.js";

export function addMetrics(app: ServerApp, { registry }: Metrics): void {
  app.openAPIRegistry.registerPath({
    method: "get",
    path: "/metrics",
    summary: "Counters and histograms for Prometheus.",
    responses: {
      200: {
        description: "The metrics.",
        content: { "text/plain": { schema: { type: "string" } } },
      },
    },
  });
  app.get("/metrics", async (context) =>
    context.body(await registry.metrics(), 200, { "content-type": registry.contentType }),
  );
}

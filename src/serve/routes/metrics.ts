import type { ServerApp } from "../http/app.js";
import type { Metrics } from "../metrics.js";
import type { ServerGroup } from "../processes/server-group.js";

/** @param group whose sums are shown, if the server is one of several processes */
export function addMetrics(app: ServerApp, { registry }: Metrics, group?: ServerGroup): void {
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
    context.body(await (group ?? registry).metrics(), 200, {
      "content-type": registry.contentType,
    }),
  );
}

/** Whether the server runs and takes requests, for supervisors and load balancers. */
import { z } from "@hono/zod-openapi";
import type { ServerApp } from "../http/app.js";
import type { ServerGroup } from "../processes/server-group.js";

const statusResponse = z
  .object({
    status: z.string(),
    processes: z
      .object({ ready: z.int(), of: z.int() })
      .optional()
      .openapi({ description: "How many processes take requests, where several answer." }),
  })
  .openapi("Status");
const json = (description: string) => ({
  description,
  content: { "application/json": { schema: statusResponse } },
});

/**
 * @param isReady whether new requests are taken
 * @param group the processes that answer together, if the server is one of them
 */
export function addHealth(app: ServerApp, isReady: () => boolean, group?: ServerGroup): void {
  app.openAPIRegistry.registerPath({
    method: "get",
    path: "/health",
    summary: "Whether the process runs.",
    responses: { 200: json("It runs.") },
  });
  app.openAPIRegistry.registerPath({
    method: "get",
    path: "/ready",
    summary: "Whether new requests are taken, by all processes if several answer.",
    responses: {
      200: json("They are."),
      503: json("The server is stopping, or a process is being replaced."),
    },
  });
  const processes = async () => (group ? { processes: await group.processes() } : {});
  app.get("/health", async (context) => context.json({ status: "ok", ...(await processes()) }));
  app.get("/ready", async (context) => {
    if (!isReady()) return context.json({ status: "stopping" }, 503);
    const counts = await processes();
    const isWhole = counts.processes?.ready === counts.processes?.of;
    return isWhole
      ? context.json({ status: "ready", ...counts })
      : context.json({ status: "replacing", ...counts }, 503);
  });
}

/** `GET /v1/runs` and `/v1/evaluations`: what a directory holds, for the web app. */
import { z } from "@hono/zod-openapi";
import type { ServerApp } from "../http/app.js";
import { ApiError } from "../http/api-error.js";
import { takesNoQuery } from "../http/query.js";
import { addView } from "../http/view.js";
import { evaluationResponse, evaluationsResponse } from "../schemas/evaluations.js";
import { logResponse, runResponse, runsResponse } from "../schemas/runs.js";
import { Evaluations } from "./read-evaluations.js";
import { Runs } from "./read-runs.js";

const logQuery = z.object({
  from: z
    .string()
    .regex(/^\d+$/, { error: "expected a number of steps, such as from=100" })
    .optional()
    .transform((text = "0") => Number(text))
    .openapi({ type: "integer", description: "Leaves out lines of earlier steps." }),
});

/** @param root the directory whose runs and evaluations are shown; undefined for none */
export function addRuns(app: ServerApp, root: string | undefined): void {
  const runs = root === undefined ? undefined : new Runs(root);
  addView(
    app,
    { path: "/v1/runs", summary: "Training runs, the latest first.", response: runsResponse },
    async (context) =>
      context.json({ data: (await runs?.list()) ?? [], enabled: runs !== undefined }),
  );
  addView(
    app,
    { path: "/v1/runs/{run}", summary: "A training run with its stages.", response: runResponse },
    async ({ req, json }) => json(found(await runs?.read(req.param("run")!), "run")),
  );
  addView(
    app,
    {
      path: "/v1/runs/{run}/{stage}/log",
      summary: "The log of a stage, finished or in progress.",
      response: logResponse,
      query: logQuery,
    },
    async ({ req, json }, { from }) => {
      const { run, stage } = req.param() as { run: string; stage: string };
      return json({ data: found(await runs?.log(run, stage, from), "stage") });
    },
  );
  app.get("/v1/runs/:run/:stage/reconstructions.png", takesNoQuery, async ({ req, body }) => {
    const { run, stage } = req.param();
    const image = found(await runs?.reconstructions(run, stage), "image");
    return body(image, { headers: { "content-type": "image/png" } });
  });
  addEvaluations(app, root);
}

function addEvaluations(app: ServerApp, root: string | undefined): void {
  const evaluations = root === undefined ? undefined : new Evaluations(root);
  addView(
    app,
    {
      path: "/v1/evaluations",
      summary: "Results of flava evaluate, the latest first.",
      response: evaluationsResponse,
    },
    async (context) =>
      context.json({ data: (await evaluations?.list()) ?? [], enabled: evaluations !== undefined }),
  );
  addView(
    app,
    {
      path: "/v1/evaluations/{evaluation}",
      summary: "The results of a suite, or of single sets.",
      response: evaluationResponse,
    },
    async ({ req, json }) =>
      json(found(await evaluations?.read(req.param("evaluation")!), "evaluation")),
  );
}

/** @throws ApiError 404 if there is no such thing */
function found<Thing>(thing: Thing | undefined, kind: string): Thing {
  if (thing !== undefined) return thing;
  throw new ApiError(
    404,
    `There is no ${kind} of this name; /v1/${kind === "evaluation" ? "evaluations" : "runs"} lists all.`,
  );
}

/** `GET /v1/runs` and below: training runs, finished or in progress, read from their directories. */
import { z } from "@hono/zod-openapi";

export const runSummary = z
  .object({
    /** Its path from the directory that the server shows. */
    name: z.string(),
    /** When it was last logged to, as in "2026-11-28T22:30:00.000Z". */
    loggedAt: z.iso.datetime(),
    /**
     * - training: a process trains in it;
     * - finished: its last stage has its model;
     * - stopped: neither.
     */
    state: z.enum(["training", "finished", "stopped"]),
  })
  .openapi("RunSummary");

export const runsResponse = z
  .object({
    data: z.array(runSummary),
    /** Whether the server was given a directory to show (flava serve --runs). */
    enabled: z.boolean(),
  })
  .openapi("RunsResponse");

export const runStage = z
  .object({
    name: z.string(),
    /** Steps of the whole stage; null if the recipe does not say and it has not started. */
    steps: z.int().nullable(),
    /** Steps that were logged; null if the stage has not started. */
    step: z.int().nullable(),
    /** The losses by name, each with its baseline, or null if it has none. */
    losses: z.record(z.string(), z.number().nullable()),
    /** The baselines of validation accuracies by name. */
    accuracies: z.record(z.string(), z.number()),
    /** When its image of reconstructions was last drawn; null if there is none. */
    drawnAt: z.iso.datetime().nullable(),
  })
  .openapi("RunStage");

export const runResponse = runSummary
  .extend({
    /** In the order of the recipe; those that have not started have neither losses nor a log. */
    stages: z.array(runStage),
    version: z.string(),
    level: z.string(),
  })
  .openapi("RunResponse");

export const logEntry = z
  .object({
    /** Steps done. */
    step: z.int(),
    /** Seconds of training so far. */
    seconds: z.number(),
    kind: z.enum(["training", "evaluation"]),
    /** Null where a value is not finite. */
    scalars: z.record(z.string(), z.number().nullable()),
  })
  .openapi("LogEntry");

export const logResponse = z.object({ data: z.array(logEntry) }).openapi("LogResponse");

export type RunSummary = z.infer<typeof runSummary>;
export type RunsResponse = z.infer<typeof runsResponse>;
export type RunStage = z.infer<typeof runStage>;
export type RunResponse = z.infer<typeof runResponse>;
export type LogEntry = z.infer<typeof logEntry>;
export type LogResponse = z.infer<typeof logResponse>;

/** `GET /v1/evaluations` and below: the report.json files of `flava evaluate --out` and `flava ablate`. */
import { z } from "@hono/zod-openapi";

export const evaluationsResponse = z
  .object({
    data: z.array(
      z.object({
        /** The path of its directory from the directory that the server shows. */
        name: z.string(),
        writtenAt: z.iso.datetime(),
      }),
    ),
    /** Whether the server was given a directory to show (flava serve --runs). */
    enabled: z.boolean(),
  })
  .openapi("EvaluationsResponse");

/** The paper's numbers by column, in percent; null where it has none. */
const paperNumbers = z.record(z.string(), z.number().nullable());

/** The report of a suite, such as that of the paper's 35 tasks. */
export const suiteReport = z
  .object({
    suite: z.string(),
    model: z.object({ path: z.string(), precision: z.string() }),
    rows: z.array(
      z.object({
        title: z.string(),
        task: z.string(),
        /** Whether the scores are of other data than the official ones. */
        partial: z.boolean().optional(),
        /** In percent, with a 95 % interval. */
        mean: z.number().optional(),
        low: z.number().optional(),
        high: z.number().optional(),
        /** Why there is no score. */
        status: z.string().optional(),
        reason: z.string().optional(),
        paper: paperNumbers,
      }),
    ),
    averages: z.array(
      z.object({
        title: z.string(),
        value: z.number().optional(),
        rows: z.int(),
        missing: z.int(),
        paper: paperNumbers,
      }),
    ),
  })
  .openapi("SuiteReport");

const classifiedImage = z.object({ key: z.string(), label: z.string(), predicted: z.string() });

const searches = z.object({
  /** Texts with the images found for them, best first. */
  texts: z.array(
    z.object({
      text: z.string(),
      found: z.array(z.object({ key: z.string(), name: z.string(), isRight: z.boolean() })),
    }),
  ),
  /** Images with the texts found for them, best first. */
  images: z.array(
    z.object({
      key: z.string(),
      found: z.array(z.object({ text: z.string(), isRight: z.boolean() })),
    }),
  ),
});

/** Evaluations of single sets. Shares are fractions from 0 to 1. */
export const setsReport = z
  .object({
    model: z.string(),
    precision: z.string(),
    evaluations: z.array(
      z.object({
        set: z.string(),
        kind: z.string(),
        images: z.int().optional(),
        samples: z.int().optional(),
        classes: z.int().optional(),
        texts: z.int().optional(),
        measurements: z.array(
          z.object({
            name: z.string(),
            mean: z.number(),
            low: z.number().optional(),
            high: z.number().optional(),
            /** The value reached by guessing. */
            chance: z.number().optional(),
          }),
        ),
        /** The most frequent mistakes. */
        confusions: z
          .array(z.object({ label: z.string(), predicted: z.string(), count: z.int() }))
          .optional(),
        /** Examples of classification. */
        classified: z
          .object({ right: z.array(classifiedImage), wrong: z.array(classifiedImage) })
          .optional(),
        /** Examples of retrieval. */
        searches: searches.optional(),
        /** Small images of the examples by key, as data: URLs; those that could not be read again are absent. */
        thumbnails: z.record(z.string(), z.string()),
      }),
    ),
  })
  .openapi("SetsReport");

/** The averages of task families, and of these, by name; those that were not measured are absent. */
const overSeeds = z.record(
  z.string(),
  z.object({
    mean: z.number(),
    /** Half the width of the 95 % interval; absent for a single seed. */
    margin: z.number().optional(),
    seeds: z.int(),
  }),
);
const paperAverages = z.record(z.string(), z.number());

/** A comparison of differently trained models, over seeds. */
export const comparisonReport = z
  .object({
    seeds: z.array(z.int()),
    /** How many rows of each family the averages are over: those that all models have, and all. */
    rows: z.record(z.string(), z.object({ used: z.int(), all: z.int() })),
    /** Averages in percent. */
    models: z.array(z.object({ title: z.string(), scores: overSeeds, paper: paperAverages })),
    /** Differences between two models, in points. */
    changes: z.array(z.object({ title: z.string(), points: overSeeds, paper: paperAverages })),
  })
  .openapi("ComparisonReport");

export const evaluationResponse = z
  .union([suiteReport, setsReport, comparisonReport])
  .openapi("EvaluationResponse");

export type EvaluationsResponse = z.infer<typeof evaluationsResponse>;
export type SuiteReport = z.infer<typeof suiteReport>;
export type SetsReport = z.infer<typeof setsReport>;
export type ComparisonReport = z.infer<typeof comparisonReport>;
export type SetEvaluation = SetsReport["evaluations"][number];
export type EvaluationResponse = z.infer<typeof evaluationResponse>;

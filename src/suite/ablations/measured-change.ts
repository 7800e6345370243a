/** What a change of the training brings, in points, seed by seed, beside what it brought in the paper. */
import { type Change, ablations } from "../../configs/ablations/ablations.js";
import {
  type Average,
  type MeasuredModel,
  type UsedRows,
  averages,
  averagesOf,
  paperAverages,
} from "./averages.js";
import { type OverSeeds, overSeeds } from "./over-seeds.js";

/** How two models differ, beside how they do in the paper. */
export interface MeasuredChange {
  /** What was changed. */
  readonly title: string;
  /** Over the seeds that both models have. */
  readonly points: Readonly<Partial<Record<Average, OverSeeds>>>;
  /** The same difference in the paper. */
  readonly paper: Readonly<Partial<Record<Average, number>>>;
}

/** The differences between two models; undefined if one was not measured. */
export function measuredChange(
  { title, from, to }: Change,
  measured: readonly MeasuredModel[],
  used: UsedRows,
): MeasuredChange | undefined {
  const of = (stage: string) =>
    new Map(
      measured
        .filter(({ ablation }) => ablation.stage === stage)
        .map((model) => [model.seed, averagesOf(model, used)]),
    );
  const [before, after] = [of(from), of(to)];
  const paper = [from, to].map((name) =>
    paperAverages(ablations.find(({ stage }) => stage === name)!),
  );
  const points: Partial<Record<Average, OverSeeds>> = {};
  const inPaper: Partial<Record<Average, number>> = {};
  for (const average of averages) {
    const differences = [...after].flatMap(([seed, { [average]: value }]) => {
      const earlier = before.get(seed)?.[average];
      return value === undefined || earlier === undefined ? [] : value - earlier;
    });
    if (differences.length > 0) points[average] = overSeeds(differences);
    const [earlier, later] = paper.map((found) => found[average]);
    if (earlier !== undefined && later !== undefined) inPaper[average] = later - earlier;
  }
  return Object.keys(points).length > 0 ? { title, points, paper: inPaper } : undefined;
}

/** Whether a change goes the paper's way: unclear where its interval holds 0, or there is no interval. */
export function agreement(points: OverSeeds, paper: number): "yes" | "no" | "unclear" {
  const { mean, margin } = points;
  if (margin === undefined || Math.abs(mean) <= margin) return "unclear";
  return mean > 0 === paper > 0 ? "yes" : "no";
}

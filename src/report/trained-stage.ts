/** A training stage as it was logged. */

/** The values logged at one step. */
export interface LoggedStep {
  readonly step: number;
  /** Seconds of training so far. */
  readonly seconds: number;
  readonly kind: "training" | "evaluation";
  readonly scalars: Readonly<Record<string, number>>;
}

export interface TrainedStage {
  readonly name: string;
  /** The losses by name, each with its baseline, or null if it has none. */
  readonly losses: Readonly<Record<string, number | null>>;
  /** The baselines of validation accuracies by name. */
  readonly accuracies?: Readonly<Record<string, number>>;
  readonly log: readonly LoggedStep[];
  /** A PNG file of images above their reconstructions. */
  readonly reconstructions?: Uint8Array;
}

export type Point = { readonly x: number; readonly y: number };

/** The logged values of a scalar, by step. */
export function pointsOf(steps: readonly LoggedStep[], name: string): Point[] {
  return steps.flatMap(({ step, scalars }) => {
    const y = scalars[name];
    return y === undefined ? [] : [{ x: step, y }];
  });
}

/** The last logged value of a scalar. */
export function lastOf(
  log: readonly LoggedStep[],
  kind: LoggedStep["kind"],
  name: string,
): number | undefined {
  return log.findLast((entry) => entry.kind === kind && name in entry.scalars)?.scalars[name];
}

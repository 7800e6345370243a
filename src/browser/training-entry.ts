/** Means of what the steps since the last entry of a stage report, or of held-out data, as in `log.jsonl` of a run. */
export interface TrainingEntry {
  readonly kind: "training" | "evaluation";
  readonly stage: string;
  /** Steps done, of `steps`. */
  readonly step: number;
  readonly steps: number;
  readonly scalars: Readonly<Record<string, number>>;
}

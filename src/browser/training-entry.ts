/** Means of what the steps since the last entry of a stage report, or of held-out data, as in `log.jsonl` of a run. */
export interface TrainingEntry {
  readonly kind: "training" | "evaluation";
  /** The stage of the recipe, such as "joint". */
  readonly stage: string;
  /** Steps done, of `steps`. */
  readonly step: number;
  /** Steps of the stage in all. */
  readonly steps: number;
  /** By name, such as "contrastive" or "learning rate"; losses are in nats. */
  readonly scalars: Readonly<Record<string, number>>;
}

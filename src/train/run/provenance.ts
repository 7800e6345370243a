/** Provenance of a run, which resumes only with the same recipe, weights, vocabulary and data by default. */

/** A recipe of any kind, of whose stages one is run; its other settings are those that all stages share. */
export interface RunRecipe {
  readonly name: string;
  readonly $schema?: string | undefined;
  readonly start?: string | undefined;
  readonly shards?: number | undefined;
  readonly data?: Readonly<Record<string, unknown>>;
  readonly stages: readonly { readonly name: string }[];
}

/** Everything that the weights of one stage depend on, as recorded in `run.json`. */
export interface Provenance {
  /** Version of the package. */
  readonly version: string;
  /** Processor level of the kernels: other levels round differently. */
  readonly level: string;
  /** With all defaults filled in. */
  readonly recipe: RunRecipe;
  /** Name of the stage. */
  readonly stage: string;
  /** SHA-256 of the vocabulary. */
  readonly vocabulary: string;
  /** Number of samples in each training set. */
  readonly samples: Readonly<Record<string, number>>;
  /** SHA-256 of the samples of each training set, wherever its files are; absent in runs of earlier versions. */
  readonly digests?: Readonly<Record<string, string>>;
  /** Number of samples used from each set, if the run is restricted. */
  readonly overfit?: number;
  /** Names of the losses besides those of the recipe; absent if there are none. */
  readonly extraLosses?: readonly string[];
  /** SHA-256 of the weights that training started from, by their source: "--start" or the name of a stage. */
  readonly start: Readonly<Record<string, string>>;
}

/** A setting that differs, such as stages.joint.rate.peak. */
export interface Difference {
  /** The setting, such as "stages.joint.rate.peak". */
  readonly path: string;
  /** Undefined if the setting did not exist. */
  readonly before: unknown;
  /** Undefined if the setting does not exist any more. */
  readonly now: unknown;
}

/** The run was started with settings other than those given now. */
export class ChangedRunError extends Error {
  override readonly name = "ChangedRunError";

  /** @param directory of the run */
  constructor(
    directory: string,
    /** All settings that differ. */
    readonly differences: readonly Difference[],
  ) {
    super(
      `${directory} was made with other settings:\n` +
        differences.map((difference) => `  ${describe(difference)}\n`).join("") +
        "Choose another directory (--out), or continue with these changes (--allow-changes).",
    );
  }
}

/** As in "stages.joint.steps: 100 -> 200". */
export function describe({ path, before, now }: Difference): string {
  const text = (value: unknown): string => (value === undefined ? "none" : JSON.stringify(value));
  return `${path}: ${text(before)} -> ${text(now)}`;
}

/**
 * How two runs of a stage differ in what their weights depend on. Other stages count only by the weights they provide;
 * the recipe's name, the places of its data and of the weights to start from, the choice of the best model and the
 * intervals of logging, evaluating and saving do not count.
 */
export function differences(before: Provenance, now: Provenance): Difference[] {
  const changes = compare("", settings(before), settings(now));
  return before.digests ? [...changes, ...otherSamples(before, now)] : changes;
}

/** Settings that decide how models are evaluated. */
const judging =
  /^data\.(validation|captions|passages|firstCaptionProbability|views)\b|\.mismatched$/;

/** Whether what two runs of a stage measure can be compared: they evaluate on the same data, read in the same way. */
export const judgesAlike = (before: Provenance, now: Provenance): boolean =>
  !differences(before, now).some(({ path }) => judging.test(path));

/** Sets with other samples than before, although as many. */
function otherSamples(before: Provenance, now: Provenance): Difference[] {
  const names = Object.keys(now.samples).filter(
    (name) => before.samples[name] === now.samples[name],
  );
  const of = ({ samples, digests = {} }: Provenance): object =>
    Object.fromEntries(
      names.map((name) => [name, `${samples[name]} with SHA-256 ${digests[name]?.slice(0, 12)}`]),
    );
  return compare("samples", of(before), of(now));
}

function settings(provenance: Provenance): Record<string, unknown> {
  const { recipe, stage, vocabulary, samples, overfit, extraLosses, start } = provenance;
  const { $schema: _schema, name: _name, start: _path, stages, data, ...common } = recipe;
  const own = stages.find(({ name }) => name === stage);
  return {
    ...common,
    data: { ...data, root: undefined },
    stages: { [stage]: { ...own, best: undefined, every: undefined } },
    ...{ vocabulary, samples, overfit, extraLosses, start },
  };
}

function compare(path: string, before: unknown, now: unknown): Difference[] {
  if (!isRecord(before) || !isRecord(now)) {
    return JSON.stringify(before) === JSON.stringify(now) ? [] : [{ path, before, now }];
  }
  return [...new Set([...Object.keys(before), ...Object.keys(now)])].flatMap((key) =>
    compare(path === "" ? key : `${path}.${key}`, before[key], now[key]),
  );
}

const isRecord = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

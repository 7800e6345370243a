/** `flava probe`: a linear probe on the image encoder, fitted to one set of labeled images and scored on another. */
import type { Command } from "commander";
import { formatBytes } from "../../backend/available-memory.js";
import { evaluate } from "../../eval/evaluate.js";
import { openProbeSet } from "../../eval/probe-set.js";
import { isFirst } from "../../parallel/agreement.js";
import { withEmbeddings } from "../../suite/embedding-cache.js";
import { addDataOptions, sourceOptions } from "../data-options.js";
import { type EvaluationFlags, addEvaluationOptions, evaluateSets } from "./sets.js";
import { type FeatureFlags, addFeatureOptions, featureOptions } from "../feature-options.js";
import { addModelOptions } from "../model-option.js";
import {
  type SharedRunFlags,
  mpiOption,
  sharedRun,
  timeoutOption,
} from "../training/shared-run.js";

interface ProbeFlags extends EvaluationFlags, FeatureFlags, SharedRunFlags {
  readonly validation?: string;
  readonly half?: boolean;
}

export function addProbe(program: Command): void {
  const command = program
    .command("probe")
    .description(
      "fit a linear classifier to the image encoder's features of labeled images, as papers do, and score it on others",
    )
    .argument("<train>", "labeled images: one folder per class, a table, parquet or tar shards")
    .argument("<test>", "labeled images of the same classes")
    .option(
      "--validation <source>",
      "labeled images for choosing the regularization; default: a fifth of the training images",
    )
    .option("--half", "keep features in half precision, in half the space")
    .action(run);
  addDataOptions(addModelOptions(addEvaluationOptions(addFeatureOptions(command))))
    .addOption(timeoutOption())
    .addOption(mpiOption());
}

async function run(train: string, test: string, flags: ProbeFlags): Promise<void> {
  await sharedRun(flags, (joined) => probe(train, test, { ...joined, ...flags }), console.log);
}

/** Fits and scores, together with the processes that were started with this one. */
async function probe(train: string, test: string, flags: ProbeFlags): Promise<void> {
  const { validation, half, processes } = flags;
  const say = (line: string): void => {
    if (isFirst(processes)) console.error(`flava: ${line}`);
  };
  const paths = { train, test, ...(validation !== undefined && { validation }) };
  const set = await openProbeSet(paths, sourceOptions(flags));
  const features = featureOptions(flags);
  const kept = { dtype: half ? "float16" : "float32", features } as const;
  await evaluateSets([set], flags, (own, flava, options) =>
    withEmbeddings(flava, kept, (stores, folder) => {
      say(`features are kept in ${folder}.`);
      const onMemory = (bytes: number): void =>
        say(`fitting probes in ${formatBytes(bytes)} of memory.`);
      const search = { ...options.probe, onMemory };
      return evaluate(own, flava, { ...options, stores, features, probe: search });
    }),
  );
}

/** What a fine-tuning would do and take: its settings, memory, time and disk space, without training. */
import { shippedModel } from "../api/load.js";
import { formatBytes, requireMemory } from "../backend/available-memory.js";
import { counted, grouped } from "../base/counted.js";
import { describeDropout } from "../checkpoint/huggingface-config.js";
import { isFirst } from "../parallel/agreement.js";
import { checkpointBytes, freeSpace, requireSpace } from "./disk-space.js";
import {
  type FinetuneOptions,
  type Session,
  logNeeds,
  prepare,
  stageOf,
} from "./finetune-session.js";
import { describeBest } from "./stages/best-measure.js";

/** What would be trained, as for `finetune`. */
export type FinetuneDryRunOptions = Omit<FinetuneOptions, "allowChanges" | "onProgress" | "signal">;

/**
 * Logs what `finetune` would do with the same options: labels, settings, memory, time and disk space. Nothing is trained, and
 * nothing is written.
 *
 * @returns estimated seconds of training on an idle machine
 * @throws Error if the run could not be made: there is nothing to learn, or memory or disk space do not suffice
 */
export async function finetuneDryRun(options: FinetuneDryRunOptions): Promise<number> {
  const { backend, directory, model = shippedModel() } = options;
  const log = isFirst(backend.communicator) ? options.log : () => undefined;
  const session = await prepare({ ...options, model, log });
  const { source } = session.source;
  const dropout = source && describeDropout(source);
  if (dropout !== undefined) log(`${model}: ${dropout}.`);
  for (const line of settingsOf(session)) log(line);
  log(describeBest(session.best));
  const { seeds, steps } = session.resolved;
  const stage = stageOf(seeds[0]!, session);
  try {
    const { bytes, seconds } = await logNeeds(stage, seeds.length * steps, session);
    const [disk, free] = [seeds.length * checkpointBytes(stage.state), await freeSpace(directory)];
    log(
      `Disk: ${formatBytes(disk)} for checkpoints in ${directory}; ${formatBytes(free)} are free.`,
    );
    requireMemory(
      bytes,
      "Fine-tuning",
      "Choose smaller batches (--set batch=…), split them (microBatches), recompute blocks (recompute=true), or take a smaller " +
        "model.",
    );
    requireSpace(directory, disk, free);
    return seconds;
  } finally {
    await stage.dispose();
  }
}

/** What is read, and the settings that follow from the samples and the model. */
function settingsOf({ task, resolved, train, validation, largest, reader }: Session): string[] {
  const { name, steps, batch, seeds, rate, optimizer, precision, every, patience } = resolved;
  const { encoder, columns, imageSize } = task;
  const named = Object.entries(columns).flatMap(([use, column]) =>
    column === undefined ? [] : [`${use} ${JSON.stringify(column)}`],
  );
  const epochs = (steps * batch) / train.length;
  const lengths = reader.texts?.lengths.join(", ");
  const [, , side] = largest.pixels ?? [];
  const evaluated =
    validation.length === 0
      ? "never evaluated"
      : `evaluated on ${grouped(validation.length)} after every ${counted(every.evaluate, "step")}`;
  return [
    ...(named.length > 0 ? [`Columns: ${named.join(", ")}.`] : []),
    `Recipe "${name}": the ${encoder} encoder, ${precision}, ${seeds.length > 1 ? `seeds ${seeds.join(", ")}` : `seed ${seeds[0]}`}.`,
    `Training: ${counted(steps, "step")} of ${counted(batch, "sample")} each, ${epochs.toPrecision(3)} epochs of ` +
      `${grouped(train.length)}; ${evaluated}` +
      `${patience === undefined ? "" : `, ending early after ${patience} without a better model`}.`,
    `Learning rate: at most ${rate.peak.toPrecision(3)}, after a warm-up of ${counted(rate.warmup, "step")}, then ` +
      `${rate.decay} to ${rate.floor}; weight decay ${optimizer.weightDecay}.`,
    ...(lengths === undefined ? [] : [`Texts: padded to ${lengths} tokens.`]),
    ...(side === undefined
      ? []
      : [
          `Images: ${side} × ${side} pixels${imageSize === undefined ? "" : ", positions interpolated"}.`,
        ]),
  ];
}

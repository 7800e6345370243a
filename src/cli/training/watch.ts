/** `flava watch`: the curves of a run that another process is making. */
import { setTimeout as sleep } from "node:timers/promises";
import type { Command } from "commander";
import { curves, oneLine } from "../../report/run-text.js";
import { type WatchedRun, readRun } from "../../train/run/watched-run.js";
import { type JsonFlag, jsonOption, printJson } from "../json.js";

const millisecondsBetween = 2000;

export function addWatch(program: Command): void {
  program
    .command("watch")
    .description(
      "show the losses of a run of flava pretrain, redrawn until it ends; one line if not on a terminal",
    )
    .argument("<directory>", "directory of a run, or of one of its stages")
    .addOption(jsonOption())
    .action(async (directory: string, { json }: JsonFlag) => {
      const run = await readRun(directory);
      if (json) printJson(summary(run));
      else if (!process.stdout.isTTY) console.log(oneLine(run.stage));
      else await redraw(directory, run);
    });
}

function summary({ stage, state }: WatchedRun): unknown {
  const { name, steps, losses, accuracies, log } = stage;
  const last = (wanted: string): unknown => log.findLast(({ kind }) => kind === wanted);
  return {
    ...{ stage: name, steps, state, baselines: { ...losses, ...accuracies } },
    ...{ training: last("training"), evaluation: last("evaluation") },
  };
}

/** Draws in place until the run is finished or stopped; Ctrl-C ends it, not the run. */
async function redraw(directory: string, first: WatchedRun): Promise<void> {
  let drawn = 0;
  for (let run = first; ; run = await readRun(directory)) {
    const lines = curves(run.stage, process.stdout.columns);
    const up = drawn > 0 ? `\x1b[${drawn}A` : "";
    process.stdout.write(`${up}\x1b[J${lines.join("\n")}\n`);
    drawn = lines.length;
    if (run.state !== "training") return;
    await sleep(millisecondsBetween);
  }
}

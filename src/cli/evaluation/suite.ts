/** `flava evaluate --suite`: the paper's tasks, from files on this machine. */
import { basename, join, resolve } from "node:path";
import { type Command, Option } from "commander";
import type { Flava } from "../../api/flava.js";
import { cacheDirectory } from "../../base/cache.js";
import { counted, grouped } from "../../base/counted.js";
import { isDirectory } from "../../base/exists.js";
import type { ProtocolName, Task } from "../../eval/tasks/task.js";
import { isFirst } from "../../parallel/agreement.js";
import { modelFingerprint } from "../../search/model-fingerprint.js";
import type { Outcome } from "../../suite/outcome.js";
import { describeOutcome, isAbsent, suiteJson, suiteText } from "../../suite/table-text.js";
import { type DataFlags, decodeOptions } from "../data-options.js";
import { interruptible } from "../interruptible.js";
import { type JsonFlag, printJson } from "../json.js";
import type { BackendFlags } from "../model-option.js";
import { ProgressLine, pace } from "../progress.js";

export interface SuiteFlags extends DataFlags, JsonFlag, Pick<BackendFlags, "processes"> {
  readonly suite?: string;
  readonly data?: string;
  readonly out?: string;
  readonly protocol?: ProtocolName;
  readonly incomplete?: boolean;
  readonly half?: boolean;
  readonly finetune?: boolean;
}

interface Suite {
  readonly tasks: (data: string) => Promise<readonly Task[]>;
  /** Where its data are by default. */
  readonly data?: () => string;
  /** Whether baselines are measured, where there are no numbers of the paper to compare with. */
  readonly baselines?: true;
}

/** Loaded when they are named: much code, how the files of all tasks are read. */
const suites = new Map<string, Suite>([
  ["flava35", { tasks: async () => (await import("../../eval/tasks/flava35.js")).flava35 }],
  [
    "mini35",
    {
      tasks: async (data) => (await import("../../eval/tasks/mini/mini-tasks.js")).miniTasks(data),
      data: () => join(cacheDirectory(), "pmd", "evaluation"),
      baselines: true,
    },
  ],
]);

/** Options that only suites read. */
export const suiteAttributes = ["data", "protocol", "incomplete", "finetune", "half"];

/** Adds the options that `evaluateSuite` reads. */
export function addSuiteOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--suite <name>",
        "run all tasks of a suite whose files are in --data, instead of single sets",
      ).choices([...suites.keys()]),
    )
    .option(
      "--data <directory>",
      "with --suite: has a folder for each task. Default for mini35: what flava data build has built",
    )
    .addOption(
      new Option("--protocol <name>", "with --suite: splits to prefer").choices([
        "paper",
        "clip",
        "vissl",
      ]),
    )
    .option(
      "--incomplete",
      "with --suite: accept sets with missing or damaged samples, and mark their scores",
    )
    .option(
      "--finetune",
      "with --suite: fine-tune for the tasks that need it, by the paper's settings; takes long",
    )
    .option("--half", "with --suite: keep embeddings in half precision, in half the space");
}

/** Runs a suite; of several processes the first one prints. The exit code is 1 if any task could not be scored. */
export async function evaluateSuite(flava: Flava, flags: SuiteFlags): Promise<void> {
  const { suite = "", protocol, incomplete, half } = flags;
  const chosen = suites.get(suite)!;
  const data = flags.data ?? chosen.data?.();
  if (data === undefined || !(await isDirectory(data))) {
    throw new Error(
      `--suite needs --data, a directory with a folder for each task${data === undefined ? "" : `, but ${data} is none`}.`,
    );
  }
  const tasks = await chosen.tasks(data);
  const { runSuite } = await import("../../suite/run-suite.js");
  const out = flags.out ?? (await defaultDirectory(suite, flava));
  const progress = new ProgressLine();
  // Fine-tuning takes most of the time, which scored samples do not tell.
  const paceOf = flags.finetune
    ? (done: number, total: number) => `${grouped(done)} of ${counted(total, "sample")} scored`
    : pace("sample");
  const isWriter = isFirst(flags.processes);
  const say = (line: string): void => {
    if (!isWriter) return;
    progress.end();
    console.error(`flava: ${line}`);
  };
  const report = await interruptible("Stopped; run the same command again to continue.", (signal) =>
    runSuite(suite, tasks, flava, {
      data,
      out,
      ...(protocol && { protocol }),
      ...(incomplete && { incomplete }),
      ...(flags.finetune && { finetune: true }),
      ...(chosen.baselines && { baselines: true }),
      dtype: half ? "float16" : "float32",
      decode: decodeOptions(flags),
      signal,
      onNotice: say,
      onProgress: (task, done, total) => {
        if (isWriter) progress.show(`${task}: ${paceOf(done, total)}`);
      },
      onFits: (task, fits, most) => {
        if (isWriter) progress.show(`${task}: fit ${fits} of at most ${most}`);
      },
      onOutcome: (outcome: Outcome) => {
        if (!isAbsent(outcome)) say(describeOutcome(outcome));
      },
    }).finally(() => progress.end()),
  );
  if (report.outcomes.every(isAbsent)) {
    throw new Error(
      `No task of ${suite} can be run with the files in ${data}. flava tasks --data ${data} names the files of each.`,
    );
  }
  say(`${join(out, "report.html")} has the table as a page.`);
  if (isWriter && flags.json) printJson(suiteJson(report));
  else if (isWriter) console.log(suiteText(report));
  if (isWriter && report.outcomes.some((outcome) => "without" in outcome)) process.exitCode = 1;
}

async function defaultDirectory(suite: string, { model }: Flava): Promise<string> {
  const fingerprint = await modelFingerprint(model);
  const name = `${basename(resolve(model.path))}-${fingerprint.slice(0, 8)}`;
  return join(cacheDirectory(), "suites", `${suite}-${name}-${model.precision}`);
}

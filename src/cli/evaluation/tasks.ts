/** `flava tasks`: the tasks of the paper's evaluation, and which of their files are there. */
import type { Command } from "commander";
import { describeTasks } from "../../eval/tasks/describe-tasks.js";
import { flava35 } from "../../eval/tasks/flava35.js";
import { type CheckedTask, checkTask } from "../../eval/tasks/open-task.js";
import { paperColumns } from "../../eval/tasks/paper.js";
import type { Task } from "../../eval/tasks/task.js";
import { existingDirectory } from "../existing-directory.js";
import { type JsonFlag, jsonOption, printJson } from "../json.js";
import { ProgressLine } from "../progress.js";

interface TasksFlags extends JsonFlag {
  readonly data?: string;
}

export function addTasks(program: Command): void {
  program
    .command("tasks")
    .description(
      "list the 35 tasks of the paper's evaluation, and which of their files are there, with all samples",
    )
    .option("--data <folder>", "the data directory, with a folder for each task", existingDirectory)
    .addOption(jsonOption())
    .action(list);
}

async function list({ data, json }: TasksFlags): Promise<void> {
  const found = data === undefined ? undefined : await checkAll(data);
  if (json)
    printJson(flava35.map((task, index) => ({ ...facts(task), ...places(found?.[index]) })));
  else console.log(describeTasks(flava35, found));
}

async function checkAll(directory: string): Promise<CheckedTask[]> {
  const checked: CheckedTask[] = [];
  const progress = new ProgressLine();
  for (const task of flava35) {
    progress.show(`Looking at ${task.title}`);
    checked.push(await checkTask(task, directory));
  }
  progress.end();
  return checked;
}

const facts = ({ name, title, family, kind, origin, gigabytes, paper }: Task): object => ({
  ...{ name, title, family, kind, origin, gigabytes },
  paper: paper.map(({ title, metrics, values }) => ({
    ...{ title, metrics },
    values: Object.fromEntries(paperColumns.map((column, index) => [column, values[index]])),
  })),
});

const places = (checked: CheckedTask | undefined): object => {
  if (!checked) return {};
  const { folder = null, layout, missing, fault = null } = checked;
  return { folder, layout, missing, fault };
};

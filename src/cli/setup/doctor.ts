/** `flava doctor`: what this installation runs on, what is slow or broken, and how to mend it. */
import type { Command } from "commander";
import { type JsonFlag, jsonOption, printJson } from "../json.js";
import { type ModelFlags, addModelOptions } from "../model-option.js";
import {
  type Finding,
  checkCache,
  checkCompiler,
  checkKernels,
  checkLoad,
  checkNode,
} from "./findings.js";
import { checkModel } from "./model-findings.js";

export function addDoctor(program: Command): void {
  const command = program
    .command("doctor")
    .description(
      "Checks Node, compiler, kernels, processor level, cache and model, and says what is slow or broken and how to mend it. " +
        "The exit code is 1 if something is broken.",
    )
    .addOption(jsonOption())
    .action(run);
  addModelOptions(command);
}

const marks = { fine: " ", slow: "!", broken: "x" } as const;

async function run({ json, ...flags }: ModelFlags & JsonFlag): Promise<void> {
  const checks = [checkNode, checkCompiler, checkKernels, checkLoad, checkCache];
  const findings: Finding[] = [];
  for (const check of [...checks, () => checkModel(flags)]) {
    const finding = await check();
    findings.push(finding);
    if (!json) console.log(lineOf(finding));
  }
  if (json) printJson(findings);
  if (findings.some(({ state }) => state === "broken")) process.exitCode = 1;
}

function lineOf({ check, state, found, remedy }: Finding): string {
  const line = `${marks[state]} ${check.padEnd(9)} ${found}`;
  return remedy === undefined ? line : `${line}\n${" ".repeat(12)}${remedy}`;
}

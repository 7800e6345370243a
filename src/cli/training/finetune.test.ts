import { Command } from "commander";
import { expect, it } from "vitest";
import { addFinetune } from "./finetune.js";

/** What the verb says instead of doing anything. */
async function refusal(...options: string[]): Promise<string> {
  let said = "";
  const program = new Command().exitOverride();
  const output = { writeErr: (text: string) => void (said += text) };
  addFinetune(program.configureOutput(output));
  for (const command of program.commands) command.exitOverride().configureOutput(output);
  await program
    .parseAsync(["finetune", "gone", ...options], { from: "user" })
    .catch((error: unknown) => {
      if (said === "") said = String(error);
    });
  return said;
}

it("options that the data's reading would not look at are refused", async () => {
  const cola = ["--recipe", "cola"];
  for (const option of [
    ["--separator", ";"],
    ["--no-quotes"],
    ["--image-root", "."],
    ["--regression"],
  ])
    expect(await refusal(...cola, ...option)).toContain(
      `${option[0]} is not for the official files of CoLA`,
    );
  expect(await refusal("--recipe", "sts-b", "--regression")).not.toContain("is not for");
  expect(await refusal(...cola, "--image-size", "64")).toContain("leave out --image-size");
  expect(await refusal(...cola, "--validation", "mine.tsv")).toContain("leave out --validation");
  expect(await refusal(...cola, "--label", "l")).toContain("--label is for tables");
  expect(await refusal("--label", "l")).toContain("--label is for tables");
  expect(await refusal("--text", "t", "--image-root", ".")).toContain("goes with --image");
  const both = ["--text", "t", "--validation", "mine.tsv", "--set", "validation=0.2"];
  expect(await refusal(...both)).toContain("--validation names the data");
});

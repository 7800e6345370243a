/** The commands of docs/paper-recipe.md, on a few texts, with a tiny model and a few steps. */
import { spawnSync } from "node:child_process";
import { cpSync, existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { nativeLevels } from "../src/backend/native.js";
import { program } from "./build.js";
import { temporaryDirectory } from "./golden/temporary-directory.js";
import { writeShapes } from "./shapes.js";

const folder = temporaryDirectory();
const page = readFileSync(join(import.meta.dirname, "..", "docs", "paper-recipe.md"), "utf8");
const commands = /^```sh\n(.*?)^```/ms.exec(page)![1]!.trim().split("\n");
/** Makes the model and the text stage small, after the page's own `--set`. */
const short = [
  `'model={"from":"tiny","text":{"positions":512}}'`,
  ..."steps=2 rate.warmup=1 rate.decay=1 batch.text=4"
    .split(" ")
    .map((set) => `stages.text.${set}`),
].join(" ");

/** Runs a line of shell in the folder; `memory` limits what training may take. */
function run(
  line: string,
  memory = "8GB",
): { readonly status: number | null; readonly output: string } {
  const command = line.replace(/ +#.*$/, "").replace("npx flava", '"$NODE" "$FLAVA"');
  const env = { ...process.env, NODE: process.execPath, FLAVA: program, FLAVA_MEMORY: memory };
  const options = { cwd: folder, env: { ...env, FLAVA_CACHE: join(folder, "cache") } };
  const { status, stdout, stderr } = spawnSync("sh", ["-c", command], {
    ...options,
    encoding: "utf8",
  });
  return { status, output: stdout + stderr };
}

beforeAll(async () => {
  await writeShapes(join(folder, "shapes"));
  for (const split of ["train", "validation"]) {
    const below = split === "train" ? "text" : "validation/text";
    cpSync(join(folder, "shapes/text/words", split), join(folder, "path/to/data", below, "words"), {
      recursive: true,
    });
  }
});

// Plain TypeScript would take many minutes.
describe.runIf(nativeLevels().length > 0)("docs/paper-recipe.md", () => {
  it("shows commands that run as they stand", { timeout: 300_000 }, () => {
    expect(commands.length).toBeGreaterThan(2);
    for (const command of commands) {
      const line = command.includes("--set") ? command.replace(/( +#|$)/, ` ${short}$1`) : command;
      const { status, output } = run(line);
      expect({ line, status, output }).toMatchObject({ line, status: 0 });
    }
    expect(existsSync(join(folder, "cache/runs/base/text/final/model.safetensors"))).toBe(true);
  });

  it("is right that a stage that does not fit is refused, and what makes it fit", () => {
    const [dryRun] = commands.filter((command) => command.includes("--dry-run"));
    const refused = run(dryRun!, "19GB");
    expect(refused).toMatchObject({
      status: 1,
      output: expect.stringMatching(/69\.\d+ GB for the largest step/) as string,
    });
    const setting = /`--set (stages\.text\.microBatches=\d+)`/.exec(page)![1]!;
    const fitting = run(dryRun!.replace("--set ", `--set ${setting} `), "19GB");
    expect(fitting).toMatchObject({
      status: 0,
      output: expect.stringMatching(/memory +6\.\d+ GB: .*\n +time +roughly/) as string,
    });
  });
});

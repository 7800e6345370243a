import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, expect, it, vi } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { addTasks } from "./tasks.js";

const folder = temporaryDirectory();
afterEach(() => vi.restoreAllMocks());

async function run(...words: string[]): Promise<string> {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((text: string) => lines.push(text));
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const program = new Command().exitOverride();
  addTasks(program);
  await program.parseAsync(["tasks", ...words], { from: "user" });
  return lines.join("\n");
}

it("lists 35 tasks in 100 columns", async () => {
  const lines = (await run()).split("\n");
  expect(lines.filter((line) => line.startsWith("  "))).toHaveLength(35);
  expect(lines.filter((line) => line.length > 100)).toEqual([]);
});

it("says what is found and what is missing", async () => {
  for (const name of ["CoLA", "QQP"]) await mkdir(join(folder, name));
  await mkdir(join(folder, "clevr"));
  for (const part of ["train", "dev"]) {
    await writeFile(join(folder, `CoLA/${part}.tsv`), "gj04\t1\t\tThey went home.\n");
    const columns = "id\tqid1\tqid2\tquestion1\tquestion2\tis_duplicate";
    await writeFile(join(folder, `QQP/${part}.tsv`), `${columns}\n1\t1\t2\twhy?\twhy not?\t0\n`);
  }
  const text = await run("--data", folder);
  const lines = text.split("\n");
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}qqp +ready +official files in \S+QQP$/));
  const flowing = text.replace(/\s+/g, " ");
  expect(flowing).toMatch(
    /cola unusable train: \S+CoLA\S* has 1 sample, but the official files have 8,551\./,
  );
  const clevr = lines.slice(lines.findIndex((line) => line.startsWith("  clevr")));
  expect(clevr.slice(0, 4).join(" ").replace(/ +/g, " ")).toMatch(
    /clevr missing \S+clevr lacks images\/train, scenes\/CLEVR_train_scenes.json, .*from cs.stanford.edu/,
  );
  expect(text).toMatch(/mnist +missing +no folder mnist with train-images-idx3-ubyte/);
  expect(text).toContain("1 of 35 tasks have all they need");
  expect(lines.filter((line) => line.length > 100 && !line.includes(folder))).toEqual([]);
  const json = JSON.parse(await run("--data", folder, "--json")) as { name: string }[];
  expect(json.find(({ name }) => name === "cola")).toMatchObject({
    folder: join(folder, "CoLA"),
    missing: [],
    fault: expect.stringContaining("8,551") as string,
    paper: [{ title: "CoLA", values: { MIM: null, FLAVA: 50.65 } }],
  });
  for (const missing of [join(folder, "nowhere"), import.meta.filename])
    await expect(run("--data", missing)).rejects.toThrow("There is no such directory");
});

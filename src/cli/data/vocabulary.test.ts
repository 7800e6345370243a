import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, expect, test, vi } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { openTokenizer } from "../../data/text/tokenizer.js";
import { NoUsableSampleError } from "../../data/batch/skipped.js";
import { addVocabulary } from "./vocabulary.js";

const folder = temporaryDirectory();
afterEach(() => vi.restoreAllMocks());

async function run(...words: readonly string[]): Promise<string> {
  const log = vi.spyOn(console, "log").mockImplementation(() => undefined);
  vi.spyOn(process.stderr, "write").mockReturnValue(true);
  const program = new Command();
  addVocabulary(program);
  await program.parseAsync(["vocabulary", ...words], { from: "user" });
  return log.mock.calls.flat().join("\n");
}

test("data vocabulary writes a vocabulary of the texts of several sources", async () => {
  const [table, text, out] = ["pairs.csv", "text.txt", "vocab.txt"].map((name) =>
    join(folder, name),
  );
  await writeFile(table!, "text,label\na blue whale,0\nthe Blue sea,1\n");
  await writeFile(text!, "Call me Ishmael. The whale!");
  expect(await run(table!, text!, "--size", "500", "--out", out!)).toMatch(
    /vocab\.txt: \d+ pieces from 13 words; 0.0 % of the words become \[UNK\]$/,
  );
  const { vocabulary } = await openTokenizer({ vocabulary: out! });
  for (const piece of ["whale", "blue", "the"]) expect(vocabulary.ids.has(piece)).toBe(true);
  expect(vocabulary.ids.has("ishmael")).toBe(false); // its pairs occur once
  expect(await readFile(out!, "utf8")).toMatch(
    /^\[PAD\]\n\[UNK\]\n\[CLS\]\n\[SEP\]\n\[MASK\]\n!\n/,
  );
});

test("data vocabulary counts in JSON", async () => {
  const [text, out] = [join(folder, "words.txt"), join(folder, "counted.txt")];
  await writeFile(text, "Call me Ishmael.");
  const words = [text, "--size", "500", "--out", out, "--json"];
  expect(JSON.parse(await run(...words))).toMatchObject({ path: out, words: 4, skipped: {} });
});

test("data vocabulary writes nothing where no sample has a text", async () => {
  const images = join(folder, "empty");
  await mkdir(images);
  await writeFile(join(images, "empty.txt"), " ");
  const out = join(folder, "none.txt");
  await expect(run(images, "--out", out)).rejects.toThrow(NoUsableSampleError);
  expect(existsSync(out)).toBe(false);
});

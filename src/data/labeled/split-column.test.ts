import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { writeParquet } from "../formats/parquet/writer.js";
import { labeledParts } from "./parts.js";
import { readLabeled } from "./read-labeled.js";

const folder = temporaryDirectory();
const options = { columns: { text: "text", label: "label" }, target: "class" } as const;
const rows = ["train", "Val", "test", "train"].map((split, index) => ({
  ...{ text: `text ${index}`, label: "a", split },
}));
const texts = ["text", "label", "split"].map((name) => ({ name, type: "text" }) as const);
const csvOf = (splits: readonly string[], column = "split"): string =>
  [`text,label,${column}`, ...splits.map((split, index) => `${index},a,${split}`), ""].join("\n");

async function write(name: string, content: string): Promise<string> {
  await writeFile(join(folder, name), content);
  return join(folder, name);
}

describe("rows of which a column says what they are for", () => {
  const writers = {
    "a.csv": (path: string) => writeFile(path, csvOf(rows.map(({ split }) => split))),
    "a.jsonl": (path: string) => writeFile(path, rows.map((row) => JSON.stringify(row)).join("\n")),
    "a.parquet": (path: string) => writeParquet(path, texts, rows),
  };

  it.each(Object.entries(writers))("are parts of %s", async (name, writeTo) => {
    const path = join(folder, name);
    await writeTo(path);
    const parts = await labeledParts(path, options);
    expect(parts).toEqual({
      ...{ train: `${path}#train`, validation: `${path}#validation`, test: `${path}#test` },
    });
    const keys = async (part: string): Promise<string[]> =>
      (await readLabeled(part, options)).samples.map(({ key }) => key);
    expect(await keys(parts.train)).toEqual(["0", "3"]);
    expect(await keys(parts.validation!)).toEqual(["1"]);
    expect(await keys(parts.test!)).toEqual(["2"]);
    expect(await keys(path)).toHaveLength(4);
  });

  it("are refused where some are for nothing", async () => {
    const path = await write("some.csv", csvOf(["test", "", "train"]));
    await expect(labeledParts(path, options)).rejects.toThrow(
      'some.csv, line 3, column split has ""',
    );
  });

  it("need one that is for training, and a column that is used for nothing else", async () => {
    for (const [name, text, given] of [
      ["other.csv", csvOf(["left", "right"]), options],
      ["tests.csv", csvOf(["test", "test"]), options],
      ["none.csv", csvOf(["train", "test"], "kind"), options],
      [
        "label.csv",
        csvOf(["train", "bus"]),
        { ...options, columns: { text: "text", label: "split" } },
      ],
    ] as const) {
      const path = await write(name, text);
      expect(await labeledParts(path, given)).toEqual({ train: path });
    }
    const path = join(folder, "none.csv");
    await expect(readLabeled(`${path}#test`, options)).rejects.toThrow("has no column split");
    await expect(readLabeled(`${path}x#test`, options)).rejects.toThrow("There is nothing at");
  });
});

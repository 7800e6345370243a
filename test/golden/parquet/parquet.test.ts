/** Files of pyarrow, with every codec and page format, read as the samples that were written. See make.py. */
import { readFile, readdir } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import type { Sample } from "../../../src/data/sample.js";
import { parquetSource } from "../../../src/data/formats/parquet/source.js";

interface Row {
  readonly image: string | null;
  readonly caption: readonly string[];
  readonly label: string;
  readonly author: string | null;
}

const here = import.meta.dirname;
const files = (await readdir(here)).filter((name) => name.endsWith(".parquet"));
const expected = JSON.parse(await readFile(join(here, "expected.json"), "utf8")) as Row[];

/** A sample in the form of expected.json. */
function rowOf({ image, texts, label, fields }: Sample): Row {
  return {
    image: image ? Buffer.from(image).toString("hex") : null,
    caption: texts,
    label: label ?? "",
    author: (fields.author ?? null) as string | null,
  };
}

describe("parquetSource", () => {
  it.each(files)("reads %s", async (name) => {
    const samples: Sample[] = [];
    for await (const sample of parquetSource([join(here, name)]).read()) samples.push(sample);
    expect(samples.map(rowOf)).toEqual(expected);
  });
});

import { readFile } from "node:fs/promises";
import { join } from "node:path";

/** The rows of a part of the set sentiment-sentences: number, sentence, label. None if it was not built. */
export async function sentimentSentences(directory: string, part: string): Promise<string[][]> {
  const path = join(directory, "text/sentiment-sentences", `${part}.tsv`);
  const text = await readFile(path, "utf8").catch(() => "");
  return text
    .split("\n")
    .slice(1)
    .map((row) => row.split("\t"));
}

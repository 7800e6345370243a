/** `flava data vocabulary`: trains a vocabulary on the texts of data sets. */
import { counted } from "../../base/counted.js";
import type { Command } from "commander";
import { replaceFile } from "../../base/replace-file.js";
import { SkippedSamples } from "../../data/batch/skipped.js";
import { openSource } from "../../data/formats/open.js";
import { WordCounts, trainVocabulary } from "../../data/text/train-vocabulary.js";
import { type DataFlags, addSourceOptions, sourceOptions } from "../data-options.js";
import { expandFilePatterns } from "../file-patterns.js";
import { type JsonFlag, jsonOption, printJson } from "../json.js";
import { outputFile } from "../output-path.js";
import { percent } from "../../report/measurements.js";
import { ProgressLine } from "../progress.js";
import { wholeNumberFrom } from "../whole-number.js";

interface VocabularyFlags extends DataFlags, JsonFlag {
  readonly size: number;
  readonly out: string;
}

export function addVocabulary(data: Command): void {
  const command = data
    .command("vocabulary")
    .description("train a vocabulary of word pieces, for data.vocabulary of a recipe")
    .argument(
      "<source...>",
      'texts, tables, tar shards, Parquet files, folders, patterns such as "texts/*.txt", or URLs of shards',
    )
    .option("--size <pieces>", "maximum number of word pieces", wholeNumberFrom(100), 30_522)
    .requiredOption(
      "--out <vocab.txt>",
      "the file to write",
      outputFile([".txt"], { replace: false }),
    )
    .addOption(jsonOption())
    .action(run);
  addSourceOptions(command);
}

async function run(patterns: readonly string[], flags: VocabularyFlags): Promise<void> {
  const source = await openSource(await expandFilePatterns(patterns), sourceOptions(flags));
  const words = new WordCounts();
  const skipped = new SkippedSamples();
  const progress = new ProgressLine();
  let texts = 0;
  try {
    for await (const sample of source.read(skipped)) {
      if (sample.texts.length === 0) skipped.add(sample, "empty", "it has no text");
      for (const text of sample.texts) words.add(text);
      texts += Number(sample.texts.length > 0);
      progress.show(counted(words.total, "word"));
    }
  } finally {
    progress.end();
  }
  skipped.requireUsed(source.name, texts);
  const { pieces, unknown } = trainVocabulary(words, flags.size);
  await replaceFile(flags.out, pieces.map((piece) => `${piece}\n`).join(""));
  if (flags.json) {
    const counts = { pieces: pieces.length, words: words.total, unknown };
    printJson({ path: flags.out, ...counts, skipped: Object.fromEntries(skipped.counts) });
  } else {
    console.log(
      `${flags.out}: ${counted(pieces.length, "piece")} from ${counted(words.total, "word")}; ` +
        `${percent(unknown / words.total)} of the words become [UNK]`,
    );
  }
  if (skipped.total > 0) console.error(`flava: ${skipped.summary(texts)}`);
}

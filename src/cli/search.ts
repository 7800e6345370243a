/** `flava search`: the nearest of what `flava embed` has embedded. */
import { type Command, Option } from "commander";
import { openIndex } from "../search/exact-index.js";
import { type ModelFlags, addModelOptions, useModel } from "./model-option.js";
import { wholeNumber } from "./whole-number.js";

interface SearchFlags extends ModelFlags {
  readonly image?: string;
  readonly top: number;
  readonly among?: "images" | "texts";
}

export function addSearch(program: Command): void {
  const command = program
    .command("search")
    .description("find what is nearest to a text or an image")
    .argument("<file.parquet>", "what flava embed has written")
    .argument("[query]", "a text")
    .option("--image <path>", "an image instead of a text")
    .option("--top <n>", "how many", wholeNumber, 10)
    .addOption(
      new Option("--among <kind>", "what to find; default: images, where there are any").choices([
        "images",
        "texts",
      ]),
    )
    .action((file: string, query: string | undefined, flags: SearchFlags) => {
      if ((query === undefined) === (flags.image === undefined)) {
        command.error("error: give a text, or an image with --image, and not both", {
          exitCode: 2,
        });
      }
      return run(file, query, flags);
    });
  addModelOptions(command);
}

async function run(file: string, query: string | undefined, flags: SearchFlags): Promise<void> {
  const { image, top, among } = flags;
  const index = await openIndex(file, among && (among === "images" ? "image" : "text"));
  const hits = await useModel(flags, async (flava) => {
    const [vector] =
      query !== undefined ? await flava.embedTexts([query]) : await flava.embedImages([image!]);
    return index.search(flava.model.backend, vector!, top);
  });
  for (const { similarity, key, text } of hits) {
    console.log(
      [similarity.toFixed(4), key, ...(text === undefined ? [] : [oneLine(text)])].join("\t"),
    );
  }
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

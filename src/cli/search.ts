/** `flava search`: finds nearest neighbors among the embeddings written by `flava embed`. */
import { type Command, Option } from "commander";
import { openIndex } from "../search/open-index.js";
import { type JsonFlag, jsonOption, printJson } from "./json.js";
import { type ModelFlags, addModelOptions, useModel } from "./model-option.js";
import { wholeNumber } from "./whole-number.js";

interface SearchFlags extends ModelFlags, JsonFlag {
  readonly image?: string;
  readonly top: number;
  readonly among?: "images" | "texts";
}

export function addSearch(program: Command): void {
  const command = program
    .command("search")
    .description("search embeddings by a text or an image")
    .argument("<file.parquet>", "a file written by flava embed")
    .argument("[query]", "a text")
    .option("--image <path>", "search by an image instead of a text")
    .option("--top <n>", "number of results", wholeNumber, 10)
    .addOption(jsonOption())
    .addOption(
      new Option(
        "--among <kind>",
        "what to search; default: images, or texts if there are none",
      ).choices(["images", "texts"]),
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
  const kind = among && (among === "images" ? "image" : "text");
  const hits = await useModel(flags, async (flava) => {
    await using index = await openIndex(file, flava);
    const vector =
      query !== undefined ? await flava.embedTexts(query) : await flava.embedImages(image!);
    return await index.search(vector, { top, ...(kind && { kind }) });
  });
  if (flags.json) {
    printJson(hits);
    return;
  }
  for (const { similarity, key, path, text } of hits) {
    const columns = [similarity.toFixed(4), path ?? key];
    if (text !== undefined) columns.push(oneLine(text));
    console.log(columns.join("\t"));
  }
}

const oneLine = (text: string): string => text.replace(/\s+/g, " ").trim();

/** `flava search`: finds nearest neighbors in an index, or among the embeddings written by `flava embed`. */
import { type Command, InvalidArgumentError, Option } from "commander";
import { readImage } from "../../api/image-input.js";
import { openIndex } from "../../search/open-index.js";
import { embedQueries } from "../../search/query.js";
import { type MatchedHit, rerank } from "../../search/rerank.js";
import { usualKind } from "../../search/vector-index.js";
import { refuseIgnored } from "../ignored-options.js";
import { type JsonFlag, jsonOption, printJson } from "../json.js";
import { type ModelFlags, addModelOptions, useModel } from "../model-option.js";
import { several } from "../several.js";
import { wholeNumberFrom } from "../whole-number.js";

interface SearchFlags extends ModelFlags, JsonFlag {
  readonly image?: string;
  readonly imageWeight?: number;
  readonly without?: readonly string[];
  readonly top: number;
  readonly among?: "images" | "texts";
  readonly filter?: Filters;
  readonly rerank?: number;
}

export function addSearch(program: Command): void {
  const command = program
    .command("search")
    .description("search an index or a file of embeddings by a text, an image or both")
    .argument("<index>", "a directory made by flava index, or a file written by flava embed")
    .argument("[text]", "a text")
    .option("--image <path>", "an image; with a text, what the text says is changed in it")
    .option(
      "--image-weight <share>",
      "how much the image counts beside the text, from 0 to 1; default: 0.5",
      share,
    )
    .option("--without <text>", "what results are to be unlike; repeat for several", several)
    .option("--top <n>", "number of results", wholeNumberFrom(1), 10)
    .option(
      "--filter <name=value>",
      "only results with this label, field, key, path or text; repeat for several",
      filterFrom,
    )
    .option(
      "--rerank <n>",
      "put the first so many in the order in which they match the text, read together with each image",
      wholeNumberFrom(1),
    )
    .addOption(jsonOption())
    .addOption(
      new Option(
        "--among <kind>",
        "what to search; default: images, or texts if there are none",
      ).choices(["images", "texts"]),
    )
    .action((path: string, text: string | undefined, flags: SearchFlags) => {
      if (text === undefined && flags.image === undefined) {
        command.error("error: give a text, or an image with --image, or both", { exitCode: 2 });
      }
      if (text === undefined || flags.image === undefined)
        refuseIgnored(command, ["imageWeight"], "goes with a text and an image");
      return run(path, text, flags);
    });
  addModelOptions(command);
}

async function run(path: string, text: string | undefined, flags: SearchFlags): Promise<void> {
  const { image, imageWeight, without, top, among, filter } = flags;
  const hits = await useModel(flags, async (flava) => {
    await using index = await openIndex(path, flava);
    const kind = among ? kindOf[among] : await usualKind(index);
    const query = {
      ...(text !== undefined && { text }),
      ...(image !== undefined && { image: await readImage(image) }),
      ...(without && { without }),
      ...(imageWeight !== undefined && { imageWeight }),
    };
    const [vector] = await embedQueries(flava.embedder, [query]);
    const first = flags.rerank ?? 0;
    const options = { top: Math.max(top, first), kind, ...(filter && { filter }) };
    const found: MatchedHit[] = await index.search(vector!, options);
    const ranked = first > 0 ? await rerank(flava.embedder, query, found, { kind, first }) : found;
    return ranked.slice(0, top);
  });
  if (hits.length === 0) console.error("flava: nothing passes the filter");
  reportFaults(hits);
  if (flags.json) printJson(hits.map(resultOf));
  else for (const hit of hits) console.log(lineOf(hit));
}

const kindOf = { images: "image", texts: "text" } as const;

/** What is known of a result, without what only the index needs. */
function resultOf({ place: _, stamp: __, content: ___, fault: ____, ...result }: MatchedHit) {
  return result;
}

function lineOf({ similarity, match, key, path, text }: MatchedHit): string {
  const columns = [similarity.toFixed(4), path ?? key];
  if (match !== undefined) columns.unshift(`${(100 * match).toFixed(1)} %`);
  if (text !== undefined) columns.push(text.replace(/\s+/g, " ").trim());
  return columns.join("\t");
}

function reportFaults(hits: readonly MatchedHit[]): void {
  const faults = hits.flatMap(({ fault }) => fault ?? []);
  if (faults.length === 0) return;
  console.error(
    `flava: ${faults.length} of ${hits.length} results could not be matched (first: ${faults[0]!.replace(/\.$/, "")})`,
  );
}

function share(text: string): number {
  const value = Number(text);
  if (text.trim() !== "" && value >= 0 && value <= 1) return value;
  throw new InvalidArgumentError("Expected a number from 0 to 1.");
}

type Filters = Readonly<Record<string, readonly string[]>>;

/** Reads "name=value", in addition to earlier ones. */
function filterFrom(text: string, earlier: Filters | undefined): Filters {
  const split = text.indexOf("=");
  if (split < 1) throw new InvalidArgumentError("Expected name=value, such as label=cat.");
  const [name, value] = [text.slice(0, split), text.slice(split + 1)];
  const before = earlier && Object.hasOwn(earlier, name) ? earlier[name]! : [];
  return { ...earlier, [name]: [...before, value] };
}

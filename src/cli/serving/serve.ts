/** `flava serve`: models behind HTTP endpoints. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { type Command, Option } from "commander";
import { packagePath } from "../../base/package-root.js";
import { ApiKeys } from "../../serve/http/api-keys.js";
import { defaultLimits } from "../../serve/http/limits.js";
import type { LoadModel } from "../../serve/models/served-models.js";
import { type Server, createServer, defaultBatch } from "../../serve/server.js";
import { existingDirectory } from "../existing-directory.js";
import { type JsonFlag, printJson } from "../json.js";
import { type ModelFlags, addComputeOptions, headsOption, loadModel } from "../model-option.js";
import { several } from "../several.js";
import { wholeNumberFrom } from "../whole-number.js";
import { type NamedModel, namedModels } from "./named-models.js";

interface ServeFlags extends Omit<ModelFlags, "model">, JsonFlag {
  readonly model?: readonly string[];
  readonly port: number;
  readonly host: string;
  readonly runs?: string;
  readonly index?: string;
  readonly apiKeyFile?: string;
  readonly allowHost: readonly string[];
  readonly batch: number;
  readonly batchTokens: number;
  readonly batchWait: number;
  readonly maxBody: number;
  readonly maxPixels: number;
  readonly maxItems: number;
  readonly maxRequests: number;
  readonly timeLimit: number;
}

export function addServe(program: Command): void {
  const command = program
    .command("serve")
    .description(
      "Answers HTTP requests: embeddings as OpenAI's clients ask for them, classification, matching, filling and predictions " +
        "(docs/serving.md). SIGTERM and Ctrl-C let it finish what it has; SIGHUP makes it load its models again.",
    )
    .option(
      "--model <[name=]path>",
      "a model, and the name that clients call it by; repeat for several, the first is the default; default: the model that ships",
      several,
    )
    .option("--port <n>", "port; 0 for any that is free", wholeNumberFrom(0), 8000)
    .option("--host <address>", "address to listen on; 0.0.0.0 for other machines", "127.0.0.1")
    .option(
      "--runs <directory>",
      "show the training runs and evaluations below this directory on the web page",
      existingDirectory,
    )
    .option(
      "--index <path>",
      "what the first model searches: a directory made by flava index, or a file written by flava embed",
    )
    .option(
      "--api-key-file <path>",
      "clients must send one of these keys: one per line, perhaps after a name; or FLAVA_API_KEYS, separated by commas",
    )
    .option(
      "--allow-host <name>",
      "a host to fetch images from by https; repeat for several",
      several,
      [],
    );
  command.addOption(
    new Option("--json", "print the URL and the names of the models as JSON, once it listens"),
  );
  addBatchOptions(command);
  addLimitOptions(command);
  addComputeOptions(command.addOption(headsOption()));
  command.action((flags: ServeFlags) => run(flags));
}

function addBatchOptions(command: Command): void {
  command
    .option("--batch <n>", "most inputs of a batch", wholeNumberFrom(1), defaultBatch.items)
    .option(
      "--batch-tokens <n>",
      "most tokens and patches of a batch",
      wholeNumberFrom(1),
      defaultBatch.tokens,
    )
    .option(
      "--batch-wait <ms>",
      "milliseconds that an input waits for others",
      wholeNumberFrom(0),
      defaultBatch.wait,
    );
}

function addLimitOptions(command: Command): void {
  command
    .option(
      "--max-body <bytes>",
      "largest body of a request",
      wholeNumberFrom(1),
      defaultLimits.bodyBytes,
    )
    .option("--max-pixels <n>", "largest image", wholeNumberFrom(1), defaultLimits.pixels)
    .option("--max-items <n>", "most inputs of a request", wholeNumberFrom(1), defaultLimits.items)
    .option(
      "--max-requests <n>",
      "most requests at a time",
      wholeNumberFrom(1),
      defaultLimits.requests,
    )
    .option(
      "--time-limit <s>",
      "seconds that a request may take",
      wholeNumberFrom(1),
      defaultLimits.seconds,
    );
}

async function run(flags: ServeFlags): Promise<void> {
  const models = namedModels(flags.model);
  const pages = packagePath("dist", "app");
  const server = await createServer({
    models: Object.fromEntries(models.map((model) => [model.name, loaderOf(model, flags)])),
    index: flags.index,
    batch: { items: flags.batch, tokens: flags.batchTokens, wait: flags.batchWait },
    limits: {
      bodyBytes: flags.maxBody,
      pixels: flags.maxPixels,
      items: flags.maxItems,
      requests: flags.maxRequests,
      seconds: flags.timeLimit,
    },
    keys: await keysOf(flags.apiKeyFile, process.env.FLAVA_API_KEYS),
    allowedHosts: flags.allowHost,
    onRequest: (request) => process.stderr.write(`${JSON.stringify(request)}\n`),
    onWarning: (message) => console.error(`flava: ${message}`),
    ...(flags.runs !== undefined && { runs: flags.runs }),
    ...(existsSync(pages) && { pages }),
  });
  const url = await server.listen(flags);
  if (flags.json) printJson({ url, models: models.map(({ name }) => name) });
  console.error(
    `flava: serving ${models.map(({ name }) => name).join(", ")} at ${url}; endpoints: ${url}/docs`,
  );
  await stopped(server);
}

function loaderOf({ path }: NamedModel, { model: _, ...flags }: ServeFlags): LoadModel {
  return () => loadModel({ ...flags, model: path }, flags.batch);
}

async function keysOf(
  file: string | undefined,
  words: string | undefined,
): Promise<ApiKeys | undefined> {
  if (file !== undefined) return ApiKeys.parse(await readFile(file, "utf8"), file);
  if (words === undefined) return undefined;
  return ApiKeys.parse(words.replaceAll(",", "\n"), "FLAVA_API_KEYS");
}

/** Waits for a signal to stop, and until the server has finished what it has. A second signal stops it at once. */
async function stopped(server: Server): Promise<void> {
  process.on("SIGHUP", () => {
    server.reload().then(
      () => console.error("flava: loaded the models again"),
      (error: unknown) => console.error(`flava: the models stay as they were: ${String(error)}`),
    );
  });
  await new Promise<void>((resolve) => {
    process.once("SIGINT", resolve).once("SIGTERM", resolve);
  });
  process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));
  console.error(
    "flava: finishing the requests that came before; the same signal again stops at once",
  );
  await server.close();
  process.exit(0);
}

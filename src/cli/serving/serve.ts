/** `flava serve`: models behind HTTP endpoints. */
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { type Command, InvalidArgumentError, Option } from "commander";
import { defaultLimits } from "../../serve/http/limits.js";
import { ServerProcesses } from "../../serve/processes/server-processes.js";
import { type Server, defaultBatch } from "../../serve/server.js";
import { existingDirectory } from "../existing-directory.js";
import { printJson } from "../json.js";
import { addComputeOptions, headsOption } from "../model-option.js";
import { several } from "../several.js";
import { portNumber, wholeNumberFrom } from "../whole-number.js";
import { namedModels } from "./named-models.js";
import { type ServeFlags, openServer } from "./open-server.js";

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
    .option("--port <n>", "port; 0 for any that is free", portNumber, 8000)
    .option("--host <address>", "address to listen on; 0.0.0.0 for other machines", "127.0.0.1")
    .option(
      "--host-name <name>",
      "a name that requests to this machine alone may ask for besides localhost, such as that of a proxy; repeat for several",
      (name: string, earlier?: readonly string[]) => several(hostName(name), earlier),
    )
    .option(
      "--processes <n>",
      "processes that answer, each with its share of the cores; one that ends is replaced",
      wholeNumberFrom(1),
      1,
    )
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
      "a host to fetch images from by https; repeat for several; default: none",
      (name: string, earlier?: readonly string[]) => several(hostName(name), earlier),
    );
  command.addOption(
    new Option("--json", "print the URL and the names of the models as JSON, once it listens"),
  );
  addBatchOptions(command);
  addLimitOptions(command);
  addComputeOptions(command.addOption(headsOption()));
  command.allowExcessArguments().action((flags: ServeFlags) => {
    const [path] = command.args;
    if (path === undefined) return run(flags);
    return command.error(
      `error: flava serve takes options alone, but got ${path}. A model is named by one: --model ${path}`,
    );
  });
}

function hostName(text: string): string {
  if (/^[a-z\d]([a-z\d.-]*[a-z\d])?$/i.test(text)) return text;
  throw new InvalidArgumentError("Expected the name of a host alone, such as images.example.org.");
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
    .option("--max-pixels <n>", "most pixels of an image", wholeNumberFrom(1), defaultLimits.pixels)
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
  const names = namedModels(flags.model).map(({ name }) => name);
  const { url, server, failed } = await (flags.processes === 1 ? startOne : startSeveral)(flags);
  if (flags.json) printJson({ url, models: names });
  const processes = flags.processes === 1 ? "" : ` by ${flags.processes} processes`;
  console.error(`flava: serving ${names.join(", ")} at ${url}${processes}; endpoints: ${url}/docs`);
  await stopped(server, failed);
}

/** A server, in this process or in others. */
interface Started {
  readonly url: string;
  readonly server: Pick<Server, "reload" | "close">;
  /** Rejects if the server cannot go on. */
  readonly failed?: Promise<never>;
}

async function startOne(flags: ServeFlags): Promise<Started> {
  const server = await openServer(flags);
  return { server, url: await server.listen(flags) };
}

async function startSeveral(flags: ServeFlags): Promise<Started> {
  const { processes, port, host } = flags;
  const server = await ServerProcesses.start({
    ...{ processes, port, host },
    script: fileURLToPath(new URL("worker.js", import.meta.url)),
    given: { ...flags, threads: flags.threads ?? shareOfCores(processes) },
    onWarning: (message) => console.error(`flava: ${message}`),
  });
  return { server, url: server.url, failed: server.failed };
}

/** Compute threads of each process; undefined if the environment names them. */
function shareOfCores(processes: number): number | undefined {
  if (process.env.FLAVA_THREADS !== undefined) return undefined;
  return Math.max(1, Math.floor(availableParallelism() / processes));
}

/** Waits for a signal to stop, and until the server has finished what it has. A second signal stops it at once. */
async function stopped(server: Started["server"], failed?: Promise<never>): Promise<void> {
  process.on("SIGHUP", () => {
    server.reload().then(
      () => console.error("flava: loaded the models again"),
      (error: unknown) => console.error(`flava: the models stay as they were: ${String(error)}`),
    );
  });
  const signal = new Promise<void>((resolve) => {
    process.once("SIGINT", resolve).once("SIGTERM", resolve);
  });
  await Promise.race([signal, ...(failed ? [failed] : [])]);
  process.once("SIGINT", () => process.exit(130)).once("SIGTERM", () => process.exit(143));
  console.error(
    "flava: finishing the requests that came before; the same signal again stops at once",
  );
  await server.close();
  process.exit(0);
}

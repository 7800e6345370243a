/** The server that the options of `flava serve` describe. */
import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { packagePath } from "../../base/package-root.js";
import { ApiKeys } from "../../serve/http/api-keys.js";
import type { LoadModel } from "../../serve/models/served-models.js";
import type { ServerGroup } from "../../serve/processes/server-group.js";
import { type Server, createServer } from "../../serve/server.js";
import type { JsonFlag } from "../json.js";
import { type ModelFlags, loadModel } from "../model-option.js";
import { type NamedModel, namedModels } from "./named-models.js";

export interface ServeFlags extends Omit<ModelFlags, "model" | "processes">, JsonFlag {
  readonly model?: readonly string[];
  readonly processes: number;
  readonly port: number;
  readonly host: string;
  readonly runs?: string;
  readonly index?: string;
  readonly apiKeyFile?: string;
  readonly allowHost?: readonly string[];
  readonly hostName?: readonly string[];
  readonly batch: number;
  readonly batchTokens: number;
  readonly batchWait: number;
  readonly maxBody: number;
  readonly maxPixels: number;
  readonly maxItems: number;
  readonly maxRequests: number;
  readonly timeLimit: number;
}

/** @param group the processes that answer together, if there are several */
export async function openServer(flags: ServeFlags, group?: ServerGroup): Promise<Server> {
  const pages = packagePath("dist", "app");
  return createServer({
    models: Object.fromEntries(
      namedModels(flags.model).map((model) => [model.name, loaderOf(model, flags)]),
    ),
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
    allowedHosts: flags.allowHost ?? [],
    hostNames: flags.hostName,
    onRequest: (request) => process.stderr.write(`${JSON.stringify(request)}\n`),
    onWarning: (message) => console.error(`flava: ${message}`),
    ...(flags.runs !== undefined && { runs: flags.runs }),
    ...(existsSync(pages) && { pages }),
    group,
  });
}

function loaderOf({ path }: NamedModel, flags: ServeFlags): LoadModel {
  return () => loadModel({ ...flags, model: path, processes: undefined }, flags.batch);
}

async function keysOf(
  file: string | undefined,
  words: string | undefined,
): Promise<ApiKeys | undefined> {
  if (file !== undefined) {
    const text = await readFile(file, "utf8").catch((cause: unknown) => {
      throw new Error(`The API keys cannot be read: ${(cause as Error).message}.`, { cause });
    });
    return ApiKeys.parse(text, file);
  }
  if (words === undefined) return undefined;
  return ApiKeys.parse(words.replaceAll(",", "\n"), "FLAVA_API_KEYS");
}

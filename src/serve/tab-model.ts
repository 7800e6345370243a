/** The files of the first model, for the pages that compute in the browser. */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { Readable } from "node:stream";
import { processingNames } from "../checkpoint/read-processing.js";
import type { CallsOptions } from "./http/calls.js";
import { ApiError } from "./http/api-error.js";
import type { ServerApp } from "./http/app.js";

/** What `load` of flava/browser asks for. */
const names = new Set<string>(["config.json", "model.safetensors", ...processingNames]);

/** Adds `GET /model/{name}`. Servers that ask for API keys do not hand out their model. */
export function addTabModel(app: ServerApp, { models, keys }: CallsOptions): void {
  app.get("/model/:name", async ({ req }) => {
    const name = req.param("name");
    const [model] = models.all();
    const file =
      !keys && names.has(name) ? await fileBeside(model!.flava.model.path, name) : undefined;
    if (!file) throw new ApiError(404, `There is no file ${name} for pages.`);
    const { path, bytes, version } = file;
    const headers = {
      "content-length": String(bytes),
      "content-type": name.endsWith(".json") ? "application/json" : "application/octet-stream",
      "cache-control": "no-cache",
      etag: version,
    };
    const body = req.method === "HEAD" ? null : Readable.toWeb(createReadStream(path));
    return new Response(body as ReadableStream | null, { headers });
  });
}

/** A file of a model, which is a directory or a file of weights; undefined if there is none. */
async function fileBeside(
  place: string,
  name: string,
): Promise<{ path: string; bytes: number; version: string } | undefined> {
  const directory = (await stat(place)).isDirectory() ? place : dirname(place);
  const path = join(directory, name);
  const found = await stat(path).catch(() => undefined);
  if (!found?.isFile()) return undefined;
  return { path, bytes: found.size, version: `"${found.size}-${found.mtimeMs}"` };
}

/** `flava serve`: models behind HTTP endpoints. */
import { existsSync } from "node:fs";
import { basename } from "node:path";
import type { Command } from "commander";
import { load, shippedModel } from "../../api/load.js";
import { packagePath } from "../../base/package-root.js";
import { createServer } from "../../serve/server.js";
import { type ModelFlags, addModelOptions, backendOptions } from "../model-option.js";
import { wholeNumberFrom } from "../whole-number.js";

interface ServeFlags extends ModelFlags {
  readonly port: number;
  readonly host: string;
}

export function addServe(program: Command): void {
  const command = program
    .command("serve")
    .description("answer HTTP requests: embeddings as OpenAI's clients ask for them, and more")
    .option("--port <n>", "port; 0 for any that is free", wholeNumberFrom(0), 8000)
    .option("--host <address>", "address to listen on; 0.0.0.0 for other machines", "127.0.0.1")
    .action(run);
  addModelOptions(command);
}

async function run(flags: ServeFlags): Promise<void> {
  const { model = shippedModel(), precision, heads, port, host } = flags;
  const pages = packagePath("dist", "app");
  const server = await createServer({
    models: {
      [basename(model)]: () =>
        load(model, {
          precision,
          backend: backendOptions(flags),
          ...(heads !== undefined && { heads }),
        }),
    },
    ...(existsSync(pages) && { pages }),
  });
  const url = await server.listen({ port, host });
  console.error(`flava: listening on ${url}`);
  const stop = (): void => void server.close();
  process.once("SIGINT", stop).once("SIGTERM", stop);
}

/** A server of the small model, for tests. */
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll } from "vitest";
import type { Flava } from "../src/api/flava.js";
import { load } from "../src/api/load.js";
import { type Server, type ServerOptions, createServer } from "../src/serve/server.js";
import { temporaryDirectory } from "./golden/temporary-directory.js";
import { writeCheckpoint } from "./small-checkpoint.js";

export interface Served {
  /** The same model, for what is expected. */
  readonly offline: Flava;
  /** Loads it once more. */
  readonly open: () => Promise<Flava>;
  /** A server of the model `small`, closed after all tests. */
  readonly start: (options?: Partial<ServerOptions>) => Promise<Server>;
}

/** Loads the model before all tests of a file. */
export function serveSmallModel(): () => Served {
  const directory = join(temporaryDirectory(), "small");
  const open = () =>
    load(directory, { backend: { name: "reference" }, onWarning: () => undefined });
  const servers: Server[] = [];
  let served: Served;
  beforeAll(async () => {
    await writeCheckpoint(directory);
    const start = async (options: Partial<ServerOptions> = {}): Promise<Server> => {
      const server = await createServer({ models: { small: open }, ...options });
      servers.push(server);
      return server;
    };
    served = { offline: await open(), open, start };
  });
  afterAll(async () => {
    await Promise.all(servers.map((server) => server.close()));
    await served.offline.close();
  });
  return () => served;
}

/** The PNG of an image of one color. */
export async function png(
  background: string,
  width = 40,
  height = 32,
): Promise<Uint8Array<ArrayBuffer>> {
  return new Uint8Array(
    await sharp({ create: { width, height, channels: 3, background } })
      .png()
      .toBuffer(),
  );
}

export const dataUrl = (file: Uint8Array): string =>
  `data:image/png;base64,${Buffer.from(file).toString("base64")}`;

/** Sends JSON, and reads it. */
export async function post(
  { app }: Pick<Server, "app">,
  path: string,
  body: unknown,
  headers: Readonly<Record<string, string>> = {},
): Promise<{ readonly status: number; readonly body: unknown; readonly headers: Headers }> {
  const answer = await app.request(path, {
    method: "POST",
    body: JSON.stringify(body),
    headers: { "content-type": "application/json", ...headers },
  });
  return { status: answer.status, body: await answer.json(), headers: answer.headers };
}

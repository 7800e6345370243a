/** `GET /v1/models/{model}/card`: what a model is made of, and its README.md. */
import { readFile, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { inspectCheckpoint } from "../../checkpoint/inspect.js";
import { openCheckpoint } from "../../checkpoint/open.js";
import type { ServerApp } from "../http/app.js";
import { addView } from "../http/view.js";
import { type CardResponse, cardResponse } from "../schemas/model-card.js";

export function addCard(app: ServerApp): void {
  addView(
    app,
    {
      path: "/v1/models/{model}/card",
      summary: "What a model is made of, and its README.md.",
      response: cardResponse,
    },
    async (context) => {
      const { name, flava } = context.get("call").model(context.req.param("model"));
      return context.json(await cardOf(name, flava.model.path));
    },
  );
}

/** @param path the model's directory, or its file of weights */
async function cardOf(name: string, path: string): Promise<CardResponse> {
  const directory = (await stat(path)).isDirectory() ? path : dirname(path);
  const card = await readFile(join(directory, "README.md"), "utf8").catch(() => null);
  const checkpoint = await openCheckpoint(path);
  try {
    const { family, format, parameters, tensors, dtypes, bytes, parts, memory } =
      inspectCheckpoint(checkpoint);
    return {
      ...{ model: name, card, family, format, parameters, tensors, bytes, memory },
      ...{ dtypes: [...dtypes], parts: { ...parts } },
    };
  } finally {
    await checkpoint.close();
  }
}

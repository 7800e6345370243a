/** Whole training runs on a little data set: stages, checkpoints, and going on after any kind of end. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { openBackend } from "../src/backend/open.js";
import { pretrain } from "../src/train/pretrain.js";
import { shapesRecipe, writeShapes } from "./shapes.js";

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "flava-shapes-"));
  await writeShapes(root);
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe("pretrain", () => {
  it("runs", async () => {
    const backend = openBackend();
    const lines: string[] = [];
    const recipe = shapesRecipe(root);
    const ending = await pretrain({ recipe, directory: join(root, "run"), backend, workers: 0, say: (line) => console.log(line) });
    expect(ending).toBe("finished");
  });
});

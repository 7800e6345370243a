import { mkdir, writeFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { continuing } from "./continue.js";
import { modelConfig } from "./recipe-model.js";
import { models } from "./models.js";
import { readRecipe } from "./read-recipe.js";
import type { Recipe } from "./recipe.js";

const folder = temporaryDirectory();

async function read(recipe: object, ...changes: readonly string[]): Promise<Recipe> {
  await mkdir(join(folder, "mine"), { recursive: true });
  const path = join(folder, "mine", "recipe.json");
  await writeFile(path, JSON.stringify(recipe));
  return readRecipe(path, changes);
}

describe("readRecipe", () => {
  it("takes paths from the recipe's file, and those of changes from the working directory", async () => {
    const { name: _, ...rest } = continuing;
    const mine = { ...rest, name: "mine", start: "../start", $schema: "./recipe.schema.json" };
    const { data, start } = await read(mine);
    expect([data.root, start]).toEqual([join(folder, "mine"), join(folder, "start")]);
    const changed = await read(mine, "data.root=mine", 'start="/start"');
    expect([resolve(changed.data.root), changed.start]).toEqual([resolve("mine"), "/start"]);
  });

  it("changes a size", async () => {
    const model = { from: "base", image: { layers: 6, size: 112 }, codebook: { vocabulary: 99 } };
    const config = modelConfig((await read({ ...continuing, model })).model!);
    const { image, codebook } = models.base;
    expect(config).toEqual({
      ...models.base,
      image: { ...image, layers: 6, size: 112, vocabulary: 99 },
      codebook: { ...codebook, vocabulary: 99 },
    });
  });

  it.each([
    [{ from: "base", text: { width: 100 } }, "model.text.heads: a width of 100 cannot be split"],
    [{ from: "base", image: { size: 100 } }, "model.image.patch: an image of 100 pixels"],
    [{ from: "bas" }, /model\.from: Invalid option: .*\. Did you mean "base"\?/],
    ["bas", /model: Invalid option: .*\. Did you mean "base"\?/],
  ])("refuses the model %j", async (model, message) => {
    await expect(read({ ...continuing, model })).rejects.toThrow(message);
  });

  it("needs a model or weights to start from", async () => {
    const { start: _, ...rest } = continuing;
    await expect(read(rest)).rejects.toThrow('model: name a size, such as "mini", or weights');
  });

  it("suggests a name, and says what is not JSON", async () => {
    await expect(readRecipe("contine")).rejects.toThrow('Did you mean "continue"?');
    const path = join(folder, "broken.json");
    await writeFile(path, "{");
    await expect(readRecipe(path)).rejects.toThrow(/broken\.json is not JSON/);
  });

  it("refuses a setting that is there twice, in the file and in a change", async () => {
    const path = join(folder, "twice.json");
    await writeFile(path, JSON.stringify(continuing).replace("{", '{\n"name":"a",\n'));
    await expect(readRecipe(path)).rejects.toThrow(
      'twice.json holds the key "name" twice in one object, the second time in line 3.',
    );
    const change = 'stages.joint.batch={"pair":8,"pair":16,"image":8,"text":8}';
    await expect(read(continuing, change)).rejects.toThrow('its value holds the key "pair" twice');
  });
});

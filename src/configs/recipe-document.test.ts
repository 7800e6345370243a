import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { packagePath } from "../base/package-root.js";
import { recipeJsonSchema, settingsTable } from "./recipe-document.js";
import { RecipeError, checkRecipe } from "./recipe.js";
import { recipes } from "./recipes.js";

const named = Object.entries(recipes);

describe("the table of settings", () => {
  it("stands in docs/training.md", () => {
    const page = readFileSync(packagePath("docs", "training.md"), "utf8");
    const [, table] = /<!-- settings -->\n(.*)\n<!-- \/settings -->/s.exec(page) ?? [];
    expect(table, "replace it by what `flava pretrain --print settings` prints").toBe(
      settingsTable(),
    );
  });

  it("explains every setting", () => {
    const unexplained = settingsTable()
      .split("\n")
      .filter((row) => row.endsWith("|  |"));
    expect(unexplained).toEqual([]);
  });
});

describe("the JSON schema", () => {
  it.each(named)("accepts the recipe %s, but no misspelt setting", (_, recipe) => {
    const schema = z.fromJSONSchema(recipeJsonSchema());
    expect(schema.safeParse(recipe).success).toBe(true);
    expect(schema.safeParse({ ...recipe, sed: 1 }).success).toBe(false);
  });
});

/** Copies of a value with one key of one of its objects misspelt, at any depth. */
function* misspelt(value: unknown): Generator<{ readonly key: string; readonly wrong: unknown }> {
  if (typeof value !== "object" || value === null) return;
  const entries: [string, unknown][] = Object.entries(value);
  for (const [key, inner] of entries) {
    if (!Array.isArray(value)) yield { key, wrong: { ...value, [`${key}x`]: inner } };
    for (const { key: deeper, wrong } of misspelt(inner)) {
      const copy: object = Array.isArray(value) ? Array.from<unknown>(value) : { ...value };
      yield { key: deeper, wrong: Object.assign(copy, { [key]: wrong }) };
    }
  }
}

describe("checkRecipe", () => {
  it.each([
    ...named,
    ["changed model", { ...recipes.base, model: { from: "base", image: { layers: 6 } } }],
  ] as [string, unknown][])(
    "suggests the setting that was meant, at every depth of %s",
    (name, recipe) => {
      const mistakes = [...misspelt(checkRecipe(recipe, name))];
      expect(mistakes.length).toBeGreaterThan(20);
      for (const { key, wrong } of mistakes) {
        expect(() => checkRecipe(wrong, name)).toThrow(RecipeError);
        expect(() => checkRecipe(wrong, name)).toThrow(`"${key}x". Did you mean "${key}"?`);
      }
    },
  );
});

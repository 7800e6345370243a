import { describe, expect, it } from "vitest";
import { closeTo } from "../../test/close-to.js";
import { embedClasses, iconTemplates, photoTemplates, prompt } from "./prompts.js";

describe("the templates for photographs", () => {
  it("are 80 distinct templates, each with one {}", () => {
    expect(new Set(photoTemplates).size).toBe(80);
    for (const template of [...photoTemplates, ...iconTemplates]) {
      expect(template.split("{}")).toHaveLength(2);
      expect(template).not.toMatch(/[DX]| {2}| \.|^ | $/);
    }
  });

  it.each([
    "a jpeg corrupted photo of the {}.",
    "a photo of a {}.",
    "a photo of the hard to see {}.",
    "a rendition of the {}.",
    "itap of a {}.",
    "the plushie {}.",
    "a {} in a video game.",
  ])("include: %s", (template) => {
    expect(photoTemplates).toContain(template);
  });
});

it("inserts a name into a template unchanged", () => {
  expect(prompt("a {}, any {}", "$& dollar")).toBe("a $& dollar, any $& dollar");
  expect(() => prompt("a photo", "cat")).toThrow('"a photo" has no {}');
});

it("embeds a class as the normalized mean of its prompts", async () => {
  const vectors: Record<string, number[]> = {
    "one cat": [1, 0],
    "two cat": [0, 1],
    "one dog": [0.6, 0.8],
    "two dog": [0.6, 0.8],
  };
  const embed = (texts: readonly string[]): Promise<Float32Array> =>
    Promise.resolve(Float32Array.from(texts.flatMap((text) => vectors[text]!)));
  const found = await embedClasses(["cat", "dog"], ["one {}", "two {}"], 2, embed);
  expect([...found]).toEqual(closeTo([Math.SQRT1_2, Math.SQRT1_2, 0.6, 0.8], 6));
  await expect(embedClasses(["cat"], [], 2, embed)).rejects.toThrow("at least one template");
});

it("embeds many classes in several calls", async () => {
  const sizes: number[] = [];
  const embed = (texts: readonly string[]): Promise<Float32Array> => {
    sizes.push(texts.length);
    return Promise.resolve(Float32Array.from(texts, (text) => (text.endsWith("-") ? -3 : 3)));
  };
  const classes = Array.from({ length: 1001 }, (_, i) => (i % 7 === 0 ? `${i}-` : String(i)));
  const templates = Array.from({ length: 80 }, (_, i) => `${i} {}`);
  const found = await embedClasses(classes, templates, 1, embed);
  expect([...found]).toEqual(classes.map((name) => (name.endsWith("-") ? -1 : 1)));
  expect(Math.max(...sizes)).toBeLessThanOrEqual(4096);
});

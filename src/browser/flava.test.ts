import { expect, it } from "vitest";
import { smallFlava } from "../../test/small-flava.js";
import { smallState } from "../../test/small-model.js";
import { Flava } from "./flava.js";

const { model } = await smallFlava();
const state = smallState();
const warnings: string[] = [];
const flava = new Flava({ ...model, state, backend: state.backend }, (line) => warnings.push(line));

it("warns of texts that it reads in part", async () => {
  await flava.embedTexts(["a b", "a ".repeat(100)]);
  expect(warnings).toEqual([
    expect.stringMatching(/^Only the first \d+ tokens of a text are read/),
  ]);
});

it("refuses an image with alpha where it has none", async () => {
  const images = [{ width: 2, height: 2, pixels: new Uint8Array(16) }];
  await expect(flava.embedImages(images)).rejects.toThrow("2 x 2 has 12 numbers, not 16");
});

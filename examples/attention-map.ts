/**
 * Draws where the class token of the image encoder looks, in one block: a map for every head, side by side.
 *
 *   attention-map.ts IMAGE [OUT.png] [BLOCK]
 */
import sharp from "sharp";
import { load } from "flava";
import { decodeImage, pixelsOf } from "flava/data";
import { compile, spec } from "flava/engine";
import { imageOutputs } from "flava/model";
import { readFile } from "node:fs/promises";

const [path = "image.png", out = "attention.png", block = "10"] = process.argv.slice(2);
const side = 256; // of a map, in pixels

await using flava = await load();
const { config, state, processor } = flava.model;
const { channels, size, patch, heads } = config.image;

const inputs = { pixels: spec([1, channels, size, size]) };
const program = compile({ state, inputs }, ({ parameters }, { pixels }) => {
  const model = { config, parameters, precision: "float32" } as const;
  return { outputs: { attention: imageOutputs(model, { pixels }).attention(Number(block)) } };
});
const image = await decodeImage(await readFile(path));
const { attention } = await program.run({ pixels: pixelsOf(image, processor) }); // [1, H, L, L]

const grid = Math.floor(size / patch);
const length = 1 + grid * grid;
const maps = await Promise.all(
  Array.from({ length: heads }, async (_, head) => {
    const start = head * length * length + 1; // the row of the class token, without itself
    const weights = attention.subarray(start, start + grid * grid);
    const most = Math.max(...weights);
    const gray = Uint8Array.from(weights, (weight) => Math.round((255 * weight) / most));
    const map = sharp(gray, { raw: { width: grid, height: grid, channels: 1 } });
    return map.resize(side, side, { kernel: "nearest" }).png().toBuffer();
  }),
);
const original = await sharp(path).resize(side, side, { fit: "cover" }).png().toBuffer();
const row = [original, ...maps];
await sharp({
  create: { width: row.length * side, height: side, channels: 3, background: "white" },
})
  .composite(row.map((input, index) => ({ input, left: index * side, top: 0 })))
  .png()
  .toFile(out);
console.log(
  `Wrote ${out}: the image, and block ${block} of ${config.image.layers}, ${heads} heads.`,
);

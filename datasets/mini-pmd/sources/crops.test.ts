import sharp from "sharp";
import { expect, it } from "vitest";
import { keyOf } from "flava/data";
import { crops } from "./crops.js";

const all = async (...given: Parameters<typeof crops>): Promise<Buffer[]> => {
  const taken: Buffer[] = [];
  for await (const crop of crops(...given)) taken.push(crop);
  return taken;
};

const options = { count: 6, size: 16, from: 0.2, to: 0.8 };

const drawn = (content: string): Promise<Buffer> =>
  sharp(
    Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="90" height="60">${content}</svg>`),
  )
    .png()
    .toBuffer();

it("cuts the same squares for the same key, and leaves plain ones out", async () => {
  const stripes = await drawn(
    Array.from({ length: 30 }, (_, index) => `<rect x="${index * 4}" width="2" height="60"/>`).join(
      "",
    ),
  );
  const taken = await all(stripes, keyOf(1), options);
  expect(taken).toHaveLength(options.count);
  expect(await sharp(taken[0]).metadata()).toMatchObject({ width: 16, height: 16 });
  expect(await all(stripes, keyOf(1), options)).toEqual(taken);
  expect(await all(stripes, keyOf(2), options)).not.toEqual(taken);
  const plain = await drawn(`<rect width="90" height="60" fill="#888"/>`);
  expect(await all(plain, keyOf(1), options)).toEqual([]);
});

import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { draw, type Drawn, sizedSvg } from "./draw.js";
import type { Drawing, Item } from "./item.js";

const svg = (body: string, box = 'viewBox="0 0 24 24"'): string =>
  `<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg" ${box}>${body}</svg>`;

const square = '<path fill="currentColor" d="M6 6h12v12H6z"/>';

const item = (drawing: Drawing, key = "invented/square"): Item => ({
  key,
  source: "icons",
  set: "invented",
  family: "invented",
  concept: "square",
  captions: ["square"],
  drawing,
  license: "CC0-1.0",
  tags: [],
});

const drawSvg = (text: string, key?: string, recolor = false): ReturnType<typeof draw> =>
  draw(item({ kind: "svg", svg: text, monochrome: true }, key), { size: 48, recolor });

async function pixelsOf(drawn: unknown): Promise<{ data: Buffer; width: number; height: number }> {
  const { data, info } = await sharp((drawn as Drawn).image)
    .raw()
    .toBuffer({ resolveWithObject: true });
  expect(info.channels).toBe(3);
  return { data, width: info.width, height: info.height };
}

describe("drawing", () => {
  it("draws black on white, lossless and in the requested size", async () => {
    const { data, width, height } = await pixelsOf(await drawSvg(svg(square)));
    expect([width, height]).toEqual([48, 48]);
    expect([...data.subarray(0, 3)]).toEqual([255, 255, 255]);
    const middle = (24 * 48 + 24) * 3;
    expect([...data.subarray(middle, middle + 3)]).toEqual([0, 0, 0]);
  });

  it("colors about half of the monochrome images, and reports them", async () => {
    const keys = Array.from({ length: 40 }, (_, index) => `invented/${index}`);
    const drawn = await Promise.all(keys.map((key) => drawSvg(svg(square), key, true)));
    const colored = drawn.filter((each) => typeof each !== "string" && each.color);
    expect(colored.length).toBeGreaterThan(10);
    expect(colored.length).toBeLessThan(30);
    const red = drawn.find((each) => typeof each !== "string" && each.color?.name === "red");
    const { data } = await pixelsOf(red);
    const middle = (24 * 48 + 24) * 3;
    expect(data[middle]).toBeGreaterThan(200);
    expect(data[middle + 1]).toBeLessThan(60);
    expect((red as Drawn).color?.caption).toBe("a red square icon");
  });

  it.each([
    ["nothing", ""],
    ["white on white", '<path fill="#fff" d="M6 6h12v12H6z"/>'],
    ["a pale veil", '<path fill="#fafafa" opacity=".5" d="M6 6h12v12H6z"/>'],
  ])("finds that %s is blank", async (_, body) => {
    expect(await drawSvg(svg(body))).toBe("blank");
  });

  it.each(["no image", "<svg", svg("<path").replace("</svg>", "")])(
    "finds %j unreadable",
    async (text) => {
      expect(await drawSvg(text)).toBe("unreadable");
    },
  );

  it("keeps the proportions of photographs and makes them small", async () => {
    const noise = Buffer.from(
      Uint8Array.from({ length: 300 * 150 * 3 }, (_, at) => (at * 7919) % 251),
    );
    const file = await sharp(noise, { raw: { width: 300, height: 150, channels: 3 } })
      .jpeg()
      .toBuffer();
    const { width, height } = await pixelsOf(
      await draw(item({ kind: "file", file }), { size: 48, recolor: true }),
    );
    expect([width, height]).toEqual([72, 36]);
  });
});

describe("the size of SVG images", () => {
  it("replaces width and height, and keeps their meaning if there is no viewBox", () => {
    const text = svg("", 'width="30px" height="20" id="width"');
    expect(sizedSvg(text, 80, "#000")).toContain('viewBox="0 0 30 20"');
    expect(sizedSvg(text, 80, "#000")).toContain('width="80" height="80" color="#000"');
    expect(sizedSvg(text, 80, "#000")).not.toContain("30px");
  });
});

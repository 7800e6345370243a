import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { fittedFile, fittedSvg } from "./fitted.js";

describe("a fitted drawing", () => {
  it("gets a page in the scale of its units", async () => {
    const svg = `<svg width="72pt" height="36pt" xmlns="http://www.w3.org/2000/svg"><rect width="96" height="48"/></svg>`;
    expect(await fittedSvg(svg)).toContain(`<svg width="96" height="48" viewBox="0 0 96 48" xmlns`);
  });

  it("is cropped to its content, with a margin", async () => {
    const svg = `<svg viewBox="100 0 400 400" width='9' xmlns="http://www.w3.org/2000/svg"><rect x="200" y="100" width="100" height="50"/></svg>`;
    expect(await fittedSvg(svg)).toContain(`<svg width="108" height="58" viewBox="196 96 108 58"`);
  });

  it("is left out if it is empty or of unknown size", async () => {
    expect(await fittedSvg(`<svg width="9" height="9" xmlns="http://www.w3.org/2000/svg"/>`)).toBe(
      undefined,
    );
    expect(await fittedSvg(`<svg xmlns="http://www.w3.org/2000/svg"/>`)).toBe(undefined);
  });
});

describe("a fitted file", () => {
  const square = (side: number, margin: number): Promise<Buffer> =>
    sharp({ create: { width: side, height: side, channels: 4, background: "#f00" } })
      .extend({ top: margin, left: margin, background: "#0000" })
      .png()
      .toBuffer();

  it("loses a large empty margin", async () => {
    const fitted = await fittedFile(await square(30, 30));
    expect(await sharp(fitted).metadata()).toMatchObject({ width: 30, height: 30 });
  });

  it("keeps a small margin", async () => {
    const file = await square(30, 2);
    expect(await fittedFile(file)).toBe(file);
  });
});

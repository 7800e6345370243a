import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { inkOf, inkSide } from "./ink.js";
import { HeldOutInks } from "./near-copies.js";

/** An image `[side, side, 4]`, black where `isInk` says so. */
function image(side: number, isInk: (x: number, y: number) => boolean, color = 0): Uint8Array {
  const pixels = new Uint8Array(side * side * 4);
  for (let at = 0; at < side * side; at++) {
    pixels.fill(color, 4 * at, 4 * at + 3);
    pixels[4 * at + 3] = isInk(at % side, Math.floor(at / side)) ? 255 : 0;
  }
  return pixels;
}

const disc = (x: number, y: number): boolean => (x - 39.5) ** 2 + (y - 39.5) ** 2 < 900;

describe("ink", () => {
  it("averages over cells, whatever the size", () => {
    const half = (side: number): Uint8Array =>
      inkOf(
        image(side, (x) => x < side / 2),
        side,
        side,
        true,
      );
    expect(half(80)).toEqual(half(48));
    expect(half(80).reduce((sum, ink) => sum + ink)).toBe(255 * (inkSide ** 2 / 2));
  });

  it("ignores the color of monochrome images only", () => {
    const gray = image(80, disc, 128);
    expect(inkOf(gray, 80, 80, true)).toEqual(inkOf(image(80, disc), 80, 80, true));
    expect(Math.max(...inkOf(gray, 80, 80, false))).toBe(127);
  });

  it("puts a wide image in the middle of a square", () => {
    const wide = inkOf(image(64, () => true).subarray(0, 64 * 32 * 4), 64, 32, true);
    const inkyRows = Array.from({ length: inkSide }, (_, row) => wide[row * inkSide]! > 0);
    expect(inkyRows.filter(Boolean)).toHaveLength(inkSide / 2);
    expect(inkyRows[0]).toBe(false);
  });
});

describe("copies of held-out images", () => {
  const ink = inkOf(image(80, disc), 80, 80, true);
  const inks = new HeldOutInks([
    {
      key: "bar",
      ink: inkOf(
        image(80, (x) => x < 9),
        80,
        80,
        true,
      ),
    },
    { key: "disc", ink },
  ]);

  it("are found despite small differences", () => {
    const dented = inkOf(
      image(80, (x, y) => disc(x, y) && !(x < 45 && y < 14)),
      80,
      80,
      true,
    );
    expect(dented).not.toEqual(ink);
    expect(inks.copyOf(dented)).toBe("disc");
  });

  it("are not found if the same amount of ink is elsewhere", () => {
    const moved = inkOf(
      image(80, (x, y) => disc(x + 8, y)),
      80,
      80,
      true,
    );
    expect(inks.copyOf(moved)).toBeUndefined();
  });

  it("are the same as in a comparison with every image", () => {
    const inkOfBytes = fc.uint8Array({ minLength: 6, maxLength: 6 }).map((bytes) =>
      // Few wide stripes, so that images often come near one another.
      Uint8Array.from({ length: inkSide ** 2 }, (_, cell) => (bytes[(cell >> 3) % 6]! >> 5) << 5),
    );
    const images = fc.array(inkOfBytes, { minLength: 1, maxLength: 12 });
    fc.assert(
      fc.property(images, inkOfBytes, (held, ink) => {
        const difference = (a: Uint8Array): number =>
          a.reduce((sum, value, cell) => sum + Math.abs(value - ink[cell]!), 0);
        const mass = (a: Uint8Array): number => a.reduce((sum, value) => sum + value, 0);
        const expected = held.some((each) => difference(each) < 0.1 * mass(each));
        const search = new HeldOutInks(held.map((ink, index) => ({ key: String(index), ink })));
        expect(search.copyOf(ink) !== undefined).toBe(expected);
      }),
    );
  });
});

/** Which texture is it? Patterns of any scale, angle and two colors. */
import { encoded, side } from "./drawn-image.js";
import type { Random } from "./random.js";

const { abs, floor, hypot, sin, PI } = Math;
const wave = (x: number): number => 0.5 + 0.5 * sin(2 * PI * x);
const part = (x: number): number => x - floor(x);
const isLine = (x: number): number => (part(x) < 0.18 ? 1 : 0);
/** A random number for each cell. */
const cell = (x: number, y: number): number =>
  part(sin(12.9898 * floor(x) + 78.233 * floor(y)) * 43758.5453);

/** Smooth noise: the numbers of four cells, mixed. */
function clouds(x: number, y: number): number {
  const smooth = (t: number): number => t * t * (3 - 2 * t);
  const [u, v] = [smooth(part(x)), smooth(part(y))];
  const row = (dy: number): number => (1 - u) * cell(x, y + dy) + u * cell(x + 1, y + dy);
  return (1 - v) * row(0) + v * row(1);
}

/** How much of the second color is at a point, from 0 to 1; patterns repeat in steps of about 1. */
const textures: Readonly<Record<string, (x: number, y: number) => number>> = {
  striped: (x) => (part(x) < 0.5 ? 1 : 0),
  chequered: (x, y) => abs(floor(x) + floor(y)) % 2,
  grid: (x, y) => Math.max(isLine(x), isLine(y)),
  dotted: (x, y) => (hypot(part(x) - 0.5, part(y) - 0.5) < 0.3 ? 1 : 0),
  zigzagged: (x, y) => (part(y + abs(part(x) - 0.5)) < 0.4 ? 1 : 0),
  wavy: (x, y) => (part(y + 0.2 * sin(2 * PI * x)) < 0.4 ? 1 : 0),
  bricked: (x, y) => Math.max(isLine(y), isLine(0.5 * x + 0.5 * (abs(floor(y)) % 2))),
  woven: (x, y) => (abs(floor(x) + floor(y)) % 2 === 0 ? wave(2 * x) : wave(2 * y)),
  scaly: (x, y) => {
    const row = 0.5 * (abs(floor(2 * y)) % 2);
    return part(1.4 * hypot(part(x + row) - 0.5, part(2 * y) / 2));
  },
  speckled: (x, y) => (cell(3 * x, 3 * y) > 0.75 ? 1 : 0),
  cloudy: clouds,
  marbled: (x, y) => wave(x + 1.6 * clouds(x, y)),
  veined: (x, y) => (abs(clouds(1.5 * x, 1.5 * y) - 0.5) < 0.07 ? 1 : 0),
};

export const textureClasses = Object.keys(textures);

export function drawTexture(label: string, random: Random): Promise<Uint8Array> {
  const at = textures[label]!;
  const colors = [0, 1].map(() => [0, 1, 2].map(() => random.between(20, 235)));
  const scale = random.between(4, 11) / side;
  const angle = random.between(0, PI);
  const [cos, sine] = [scale * Math.cos(angle), scale * sin(angle)];
  const [left, top] = [random.between(20, 90), random.between(20, 90)];
  const pixels = new Uint8Array(side * side * 3);
  for (let index = 0; index < side * side; index++) {
    const [x, y] = [index % side, floor(index / side)];
    const share = at(left + cos * x - sine * y, top + sine * x + cos * y);
    const noise = random.between(-14, 14);
    for (let channel = 0; channel < 3; channel++) {
      const [ground, ink] = colors.map((color) => color[channel]!);
      const value = (1 - share) * ground! + share * ink! + noise;
      pixels[3 * index + channel] = Math.min(255, Math.max(0, Math.round(value)));
    }
  }
  return encoded(pixels);
}

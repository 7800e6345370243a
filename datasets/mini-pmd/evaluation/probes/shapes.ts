/** Which shape is it? Filled shapes of any color, size, place and angle. */
import { drawSvg, side } from "./drawn-image.js";
import type { Random } from "./random.js";

/** Corners on a circle of radius 1, with every second one drawn in to `inner`. */
function corners(count: number, inner?: number): string {
  const points = Array.from({ length: inner === undefined ? count : 2 * count }, (_, index) => {
    const angle = (2 * Math.PI * index) / (inner === undefined ? count : 2 * count);
    const radius = inner !== undefined && index % 2 === 1 ? inner : 1;
    return `${(radius * Math.sin(angle)).toFixed(3)},${(-radius * Math.cos(angle)).toFixed(3)}`;
  });
  return `<polygon points="${points.join(" ")}"/>`;
}

/** Each shape on a circle of radius 1 around the origin. */
const shapes = {
  circle: '<circle r="0.9"/>',
  ellipse: '<ellipse rx="1" ry="0.55"/>',
  triangle: corners(3),
  square: corners(4),
  rectangle: '<rect x="-1" y="-0.5" width="2" height="1"/>',
  pentagon: corners(5),
  hexagon: corners(6),
  star: corners(5, 0.4),
  cross: '<path d="M-.3-1H.3V-.3H1V.3H.3V1H-.3V.3H-1V-.3H-.3Z"/>',
  crescent: '<path d="M0-1A1 1 0 1 0 1 .3A.8.8 0 1 1 0-1Z"/>',
  ring: '<path fill-rule="evenodd" d="M-1 0A1 1 0 1 0 1 0A1 1 0 1 0-1 0ZM-.6 0A.6.6 0 1 0 .6 0A.6.6 0 1 0-.6 0Z"/>',
  heart: '<path d="M0 .9C-1.6-.2-.7-1.2 0-.4C.7-1.2 1.6-.2 0 .9Z"/>',
} as const;

export const shapeClasses = Object.keys(shapes);

export function drawShape(label: string, random: Random): Promise<Uint8Array> {
  const isDark = random.below(2) === 0;
  const [ground, ink] = isDark
    ? [random.color(8, 30), random.color(60, 92)]
    : [random.color(70, 96), random.color(15, 50)];
  const radius = random.between(0.16, 0.34) * side;
  const [x, y] = [0, 1].map(() => random.between(radius, side - radius));
  const place = `translate(${x},${y}) rotate(${random.below(360)}) scale(${radius})`;
  const shape = `<g fill="${ink}" transform="${place}">${shapes[label as keyof typeof shapes]}</g>`;
  return drawSvg(`<rect width="100%" height="100%" fill="${ground}"/>${shape}`, random, 12);
}

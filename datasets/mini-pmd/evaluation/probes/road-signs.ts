/** Which road sign is it? Signs before a blurred ground, tilted, near or far, in any light. */
import { drawSvg, side } from "./drawn-image.js";
import type { Random } from "./random.js";

const [red, blue, yellow, black, white] = ["#c1121f", "#0b5cad", "#f4b400", "#111", "#fff"];

// Boards reach from -50 to 50.
const warning = (symbol: string): string =>
  `<path d="M0-46L50 42H-50Z" fill="${white}" stroke="${red}" stroke-width="10" stroke-linejoin="round"/>${symbol}`;
const ban = (symbol: string): string =>
  `<circle r="44" fill="${white}" stroke="${red}" stroke-width="11"/>${symbol}`;
const order = (symbol: string): string => `<circle r="49" fill="${blue}"/>${symbol}`;
const line = (path: string, color: string, width = 9): string =>
  `<path d="${path}" fill="none" stroke="${color}" stroke-width="${width}"/>`;
const arrow = (angle: number): string =>
  `<g transform="rotate(${angle})"><path d="M-6 32V-6H-20L0-32L20-6H6V32Z" fill="${white}"/></g>`;

/** Digits as strokes, as on the display of a clock: they look the same wherever they are drawn. */
const strokes = ["M0 0H14", "M14 0V16", "M14 16V32", "M0 32H14", "M0 16V32", "M0 0V16", "M0 16H14"];
const lit = [
  "012345",
  "12",
  "01346",
  "01236",
  "1256",
  "02356",
  "023456",
  "012",
  "0123456",
  "012356",
];
function limit(speed: string): string {
  const left = -(speed.length * 22 - 8) / 2;
  const digits = Array.from(speed, (digit, index) => {
    const path = Array.from(lit[Number(digit)]!, (stroke) => strokes[Number(stroke)]!).join("");
    const small = speed.length === 3 ? 0.8 : 1;
    const x = small * (left + index * 22);
    return `<g transform="translate(${x},${-16 * small}) scale(${small})">${line(path, black, 6)}</g>`;
  });
  return ban(digits.join(""));
}

const signs: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    ["20", "30", "50", "60", "80", "100", "120"].map((speed) => [`limit ${speed}`, limit(speed)]),
  ),
  stop: `<path d="M-20-48H20L48-20V20L20 48H-20L-48 20V-20Z" fill="${red}"/><rect x="-34" y="-9" width="68" height="18" fill="${white}"/>`,
  "no entry": `<circle r="49" fill="${red}"/><rect x="-34" y="-10" width="68" height="20" fill="${white}"/>`,
  "no vehicles": ban(""),
  "no parking": `<circle r="44" fill="${blue}" stroke="${red}" stroke-width="10"/>${line("M-31-31L31 31", red)}`,
  "no stopping": `<circle r="44" fill="${blue}" stroke="${red}" stroke-width="10"/>${line("M-31-31L31 31M31-31L-31 31", red)}`,
  yield: `<path d="M0 46L50-42H-50Z" fill="${white}" stroke="${red}" stroke-width="10" stroke-linejoin="round"/>`,
  priority: `<path d="M0-49L49 0L0 49L-49 0Z" fill="${white}"/><path d="M0-36L36 0L0 36L-36 0Z" fill="${yellow}"/>`,
  danger: warning(line("M0-18V14M0 22V31", black)),
  "bend to the left": warning(line("M10 34V8L-14-8", black)),
  "bend to the right": warning(line("M-10 34V8L14-8", black)),
  crossing: warning(line("M-16 32L16 0M16 32L-16 0", black)),
  bump: warning(`<path d="M-28 34H28Q0-10-28 34Z" fill="${black}"/>`),
  ahead: order(arrow(0)),
  left: order(arrow(-90)),
  right: order(arrow(90)),
};

export const signClasses = Object.keys(signs);

export function drawSign(label: string, random: Random): Promise<Uint8Array> {
  const blot = (): string => {
    const [x, y, r] = [random.below(side), random.below(side), random.between(10, 40)];
    return `<circle cx="${x}" cy="${y}" r="${r}" fill="${random.color(15, 80)}"/>`;
  };
  const ground = Array.from({ length: 8 }, blot).join("");
  const scale = random.between(0.4, 0.85);
  const reach = 55 * scale;
  const [x, y] = [0, 1].map(() => random.between(Math.min(reach, 48), Math.max(side - reach, 48)));
  const place =
    `translate(${x},${y}) rotate(${random.between(-12, 12)}) skewX(${random.between(-14, 14)}) ` +
    `scale(${scale * random.between(0.75, 1)},${scale})`;
  const shade = `<rect width="100%" height="100%" fill="#000" opacity="${random.between(0, 0.6)}"/>`;
  const content =
    `<defs><filter id="far"><feGaussianBlur stdDeviation="6"/></filter>` +
    `<filter id="near"><feGaussianBlur stdDeviation="${random.between(0.2, 1.8)}"/></filter></defs>` +
    `<rect width="100%" height="100%" fill="${random.color(20, 80)}"/><g filter="url(#far)">${ground}</g>` +
    `<g filter="url(#near)"><g transform="${place}">${signs[label]!}</g></g>${shade}`;
  return drawSvg(content, random, 16);
}

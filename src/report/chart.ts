/** Small line charts for pages: one panel per quantity, with its baseline. */
import { Html, html } from "./html.js";
import { type Scale, round, scale, short } from "./scale.js";

export interface Line {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface Chart {
  readonly title: string;
  /** The first line is drawn last, over the others. */
  readonly lines: readonly Line[];
  /** A dashed line, such as a baseline. */
  readonly level?: { readonly name: string; readonly y: number };
}

const size = { width: 300, height: 170 };
const margin = { left: 44, right: 10, top: 26, bottom: 24 };
const colors = ["var(--mark)", "#c1440e", "#4a7c2a", "#6b4c9a"];

const colorOf = (index: number): string => colors[index % colors.length]!;

/** The charts side by side, as many per row as fit. */
export function charts(all: readonly Chart[]): Html {
  const figures = all.map((chart) => html`<figure>${draw(chart)}</figure>`);
  return html`<div class="charts">${figures}</div>`;
}

function draw({ title, lines, level }: Chart): Html {
  const points = lines.flatMap((line) => line.points);
  const ys = [...points.map(({ y }) => y), ...(level ? [level.y] : [])].filter(Number.isFinite);
  const x = scale(
    points.map((point) => point.x),
    [margin.left, size.width - margin.right],
  );
  const y = scale(ys, [size.height - margin.bottom, margin.top]);
  const grid = y.ticks.map(
    (tick) =>
      html`<line
          class="grid"
          x1="${margin.left}"
          x2="${size.width - margin.right}"
          y1="${round(y.place(tick))}"
          y2="${round(y.place(tick))}"
        /><text x="${margin.left - 6}" y="${round(y.place(tick) + 4)}" text-anchor="end"
          >${short(tick)}</text
        >`,
  );
  const xs = points.map((point) => point.x);
  const ends = [...new Set([Math.min(...xs), Math.max(...xs)])].filter(Number.isFinite);
  const steps = ends.map(
    (at, index) =>
      html`<text
        x="${round(x.place(at))}"
        y="${size.height - 6}"
        text-anchor="${index === 0 ? "start" : "end"}"
        >${short(at)}</text
      >`,
  );
  const dashed = level
    ? html`<line
        class="level"
        x1="${margin.left}"
        x2="${size.width - margin.right}"
        y1="${round(y.place(level.y))}"
        y2="${round(y.place(level.y))}"
        ><title>${level.name}: ${level.y.toFixed(3)}</title></line
      >`
    : new Html("");
  const drawn = lines.map((line, index) => path(line, colorOf(index), x, y));
  const names =
    lines.length > 1
      ? lines.map(({ name }, index) => html` <tspan fill="${colorOf(index)}">${name}</tspan>`)
      : [];
  return html`<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${title}">
    ${grid}${steps}${dashed}${drawn.reverse()}
    <text class="title" x="${margin.left}" y="14">${title}${names}</text>
  </svg>`;
}

function path({ points, name }: Line, color: string, x: Scale, y: Scale): Html {
  const places = points
    .filter((point) => Number.isFinite(point.y))
    .map((point) => [round(x.place(point.x)), round(y.place(point.y))] as const);
  if (places.length === 1) {
    const [[left, top]] = places as [readonly [number, number]];
    return html`<circle cx="${left}" cy="${top}" r="2" fill="${color}"
      ><title>${name}</title></circle
    >`;
  }
  return html`<polyline
    points="${places.map((place) => place.join(",")).join(" ")}"
    fill="none"
    stroke="${color}"
    stroke-width="1.5"
    ><title>${name}</title></polyline
  >`;
}

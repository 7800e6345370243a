/** Lines over one pair of axes, both logarithmic: proportional growth is a straight line of slope 1. */
export type Panel = {
  readonly x: string;
  readonly y: string;
  readonly series: readonly Series[];
};

type Series = {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
};

const panelSize = { width: 420, height: 280 } as const;
const margin = { left: 56, right: 60, top: 16, bottom: 44 } as const;
const colors = ["#1b6ca8", "#c1440e", "#4a7c2a", "#6b4c9a"];

/** The panels as one SVG image, two in a row. */
export function plot(panels: readonly Panel[]): string {
  const [width, height] = [panelSize.width * 2, panelSize.height * Math.ceil(panels.length / 2)];
  const groups = panels.map((panel, index) => {
    const [left, top] = [panelSize.width * (index % 2), panelSize.height * (index >> 1)];
    return `<g transform="translate(${left} ${top})">\n${drawPanel(panel).join("\n")}\n</g>`;
  });
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12">`,
    `<rect width="${width}" height="${height}" fill="white"/>`,
    ...groups,
    "</svg>\n",
  ].join("\n");
}

function drawPanel({ x, y, series }: Panel): string[] {
  const points = series.flatMap((line) => line.points);
  const right = panelSize.width - margin.right;
  const bottom = panelSize.height - margin.bottom;
  const xScale = logScale(
    points.map((point) => point.x),
    [margin.left, right],
  );
  const yScale = logScale(
    points.map((point) => point.y),
    [bottom, margin.top],
  );
  return [
    ...xScale.ticks.map((tick) => {
      const at = xScale.place(tick);
      return `${rule(at, margin.top, at, bottom)}${label(at, bottom + 16, String(tick), "middle")}`;
    }),
    ...yScale.ticks.map((tick) => {
      const at = yScale.place(tick);
      return `${rule(margin.left, at, right, at)}${label(margin.left - 6, at + 4, String(tick), "end")}`;
    }),
    label((margin.left + right) / 2, bottom + 36, x, "middle"),
    `<g transform="translate(14 ${(margin.top + bottom) / 2}) rotate(-90)">${label(0, 0, y, "middle")}</g>`,
    ...series.map((line, index) =>
      drawSeries(line, colors[index % colors.length]!, xScale, yScale),
    ),
  ];
}

function drawSeries({ name, points }: Series, color: string, x: Scale, y: Scale): string {
  const places = points.map((point) => [x.place(point.x).toFixed(1), y.place(point.y).toFixed(1)]);
  const path = places.map((place) => place.join(",")).join(" ");
  const dots = places.map(([cx, cy]) => `<circle cx="${cx}" cy="${cy}" r="3" fill="${color}"/>`);
  const [endX, endY] = places.at(-1) ?? ["0", "0"];
  return [
    `<polyline points="${path}" fill="none" stroke="${color}" stroke-width="2"/>`,
    ...dots,
    `<text x="${Number(endX) + 8}" y="${Number(endY) + 4}" fill="${color}">${name}</text>`,
  ].join("");
}

type Scale = { readonly ticks: readonly number[]; readonly place: (value: number) => number };

/** Maps the powers of two around the values to a range of pixels. */
function logScale(values: readonly number[], [start, end]: readonly [number, number]): Scale {
  const low = Math.floor(Math.log2(Math.min(...values)));
  const high = Math.max(low + 1, Math.ceil(Math.log2(Math.max(...values))));
  return {
    ticks: Array.from({ length: high - low + 1 }, (_, index) => 2 ** (low + index)),
    place: (value) => start + ((Math.log2(value) - low) / (high - low)) * (end - start),
  };
}

function rule(x1: number, y1: number, x2: number, y2: number): string {
  return `<line x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" stroke="#ddd"/>`;
}

function label(x: number, y: number, text: string, anchor: "middle" | "end"): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${text}</text>`;
}

/** Means with their intervals, one row for each thing that is compared, beside values from elsewhere. */
import { type Html, html } from "./html.js";
import { type Scale, round, scale, short } from "./scale.js";

/** A mean with half the width of its interval, and a value to compare it with; what is missing is not drawn. */
export interface PlottedMean {
  readonly mean?: number;
  readonly margin?: number | undefined;
  readonly reference?: number;
}

/** Rows of means in panels, side by side, whose scales differ. */
export interface IntervalPlot {
  /** What it shows, also for those who cannot see it. */
  readonly title: string;
  /** Titles of the panels. */
  readonly panels: readonly string[];
  readonly rows: readonly {
    readonly name: string;
    /** One for each panel. */
    readonly means: readonly PlottedMean[];
  }[];
  /** A dashed line in all panels, such as 0. */
  readonly level?: number;
}

const labels = 290;
const panel = { width: 150, gap: 20 };
const top = 24;
const row = 20;
const bottom = 20;

/** The plot as a figure. Panels without a mean are left out. */
export function intervalPlot({ title, panels, rows, level }: IntervalPlot): Html {
  const drawn = panels
    .map((name, index) => ({ name, means: rows.map(({ means }) => means[index] ?? {}) }))
    .filter(({ means }) => means.some(({ mean }) => mean !== undefined));
  const height = top + row * rows.length + bottom;
  const width = labels + drawn.length * (panel.width + panel.gap);
  const names = rows.map(
    ({ name }, index) =>
      html`<text x="${labels - panel.gap}" y="${middle(index) + 4}" text-anchor="end"
        >${name}</text
      >`,
  );
  const figures = drawn.map(({ name, means }, index) => {
    const left = labels + index * (panel.width + panel.gap);
    return drawPanel({ name, means, left, ...(level !== undefined && { level }) });
  });
  return html`<figure class="plot">
    <svg viewBox="0 0 ${width} ${height}" width="${width}" role="img" aria-label="${title}">
      ${names}${figures}
    </svg>
  </figure>`;
}

const middle = (index: number): number => top + row * (index + 0.5);

interface Panel {
  readonly name: string;
  readonly means: readonly PlottedMean[];
  readonly left: number;
  readonly level?: number;
}

function drawPanel({ name, means, left, level }: Panel): Html {
  const values = means.flatMap(({ mean = NaN, margin = 0, reference = NaN }) => [
    mean - margin,
    mean + margin,
    reference,
  ]);
  const x = scale([...values, level ?? NaN].filter(Number.isFinite), [left, left + panel.width]);
  const end = top + row * means.length;
  const vertical = (at: number, kind: string): Html =>
    html`<line
      class="${kind}"
      x1="${round(x.place(at))}"
      x2="${round(x.place(at))}"
      y1="${top}"
      y2="${end}"
    />`;
  const ticks = x.ticks.map(
    (tick) =>
      html`${vertical(tick, "grid")}<text
          x="${round(x.place(tick))}"
          y="${end + 14}"
          text-anchor="middle"
          >${short(tick)}</text
        >`,
  );
  const marks = means.map((mean, index) => drawMean(mean, middle(index), x));
  return html`<text class="title" x="${left}" y="14">${name}</text>${ticks}${
      level === undefined ? "" : vertical(level, "level")
    }${marks}`;
}

function drawMean({ mean, margin, reference }: PlottedMean, y: number, x: Scale): Html {
  const parts: Html[] = [];
  if (reference !== undefined) {
    parts.push(
      html`<circle class="reference" cx="${round(x.place(reference))}" cy="${y}" r="3.5" />`,
    );
  }
  if (mean !== undefined && margin !== undefined) {
    const [from, to] = [mean - margin, mean + margin].map((end) => round(x.place(end)));
    parts.push(html`<line class="interval" x1="${from!}" x2="${to!}" y1="${y}" y2="${y}" />`);
  }
  if (mean !== undefined) {
    parts.push(html`<circle class="mean" cx="${round(x.place(mean))}" cy="${y}" r="3.5" />`);
  }
  return html`${parts}`;
}

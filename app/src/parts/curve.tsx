/** A chart of values by step, drawn by uPlot, which redraws even long logs in milliseconds. */
import type { JSX, RefObject } from "preact";
import { useEffect, useMemo, useRef, useState } from "preact/hooks";
import uPlot from "uplot";
import { grouped, short } from "./figures.js";
import { useColorScheme } from "./use-color-scheme.js";

export interface Line {
  readonly name: string;
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

interface CurveProps {
  readonly title: string;
  readonly lines: readonly Line[];
  /** A dashed line across, such as a baseline. */
  readonly level?: { readonly name: string; readonly y: number };
}

const height = 190;

export function Curve({ title, lines, level }: CurveProps): JSX.Element {
  const place = useRef<HTMLDivElement>(null);
  const [step, setStep] = useState<number>();
  // The same lines while the cursor moves: new ones are drawn again, which undoes a zoom.
  const all = useMemo(
    () => (level ? [...lines, levelLine(level, lines)] : lines),
    [lines, level?.name, level?.y],
  );
  usePlot(place, all, level !== undefined, setStep);
  return (
    <figure class="curve">
      <figcaption>
        <strong>{title}</strong>
        <span class="quiet">{step === undefined ? "" : `step ${grouped(step)}`}</span>
      </figcaption>
      <div ref={place} role="img" aria-label={description(title, all)} />
      <ul class="legend">
        {all.map(({ name, points }, index) => (
          <li key={name} class={level && index === all.length - 1 ? "level" : `line-${index}`}>
            {name} <b>{valueAt(points, step)}</b>
          </li>
        ))}
      </ul>
    </figure>
  );
}

/** The level as a line as long as the others. */
function levelLine({ name, y }: NonNullable<CurveProps["level"]>, lines: readonly Line[]): Line {
  const xs = lines.flatMap(({ points }) => [points[0]?.x ?? [], points.at(-1)?.x ?? []].flat());
  return {
    name,
    points: xs.length > 0 ? [Math.min(...xs), Math.max(...xs)].map((x) => ({ x, y })) : [],
  };
}

/** The value at a step or the last one before it; the very last without a step. */
function valueAt(points: Line["points"], step: number | undefined): string {
  const found = step === undefined ? points.at(-1) : points.findLast(({ x }) => x <= step);
  return found ? short(found.y) : "";
}

function description(title: string, lines: readonly Line[]): string {
  const values = lines.map(({ name, points }) => `${name} ${valueAt(points, undefined)}`);
  return `Curve of ${title}; at the end: ${values.join(", ")}`;
}

/** Draws the lines into `place`; the last one is dashed if it is a level. */
function usePlot(
  place: RefObject<HTMLDivElement | null>,
  lines: readonly Line[],
  hasLevel: boolean,
  onStep: (step: number | undefined) => void,
): void {
  const scheme = useColorScheme();
  const plot = useRef<uPlot>(null);
  const names = lines.map(({ name }) => name).join();
  useEffect(() => {
    const element = place.current!;
    const options = optionsOf(element, lines, hasLevel, onStep);
    const drawn = new uPlot(options, dataOf(lines), element);
    plot.current = drawn;
    const observer = new ResizeObserver(() =>
      drawn.setSize({ width: element.clientWidth, height }),
    );
    observer.observe(element);
    return () => {
      observer.disconnect();
      drawn.destroy();
    };
  }, [scheme, names, hasLevel]);
  useEffect(() => plot.current?.setData(dataOf(lines)), [lines]);
}

/** Lines with steps of their own as columns over all steps. */
function dataOf(lines: readonly Line[]): uPlot.AlignedData {
  const tables = lines.map(({ points }): uPlot.AlignedData => [
    points.map(({ x }) => x),
    points.map(({ y }) => y),
  ]);
  return tables.length > 0 ? uPlot.join(tables) : [[]];
}

function optionsOf(
  element: HTMLElement,
  lines: readonly Line[],
  hasLevel: boolean,
  onStep: (step: number | undefined) => void,
): uPlot.Options {
  const styles = getComputedStyle(element);
  const color = (name: string): string => styles.getPropertyValue(name);
  const axis: uPlot.Axis = {
    stroke: color("--chart-text"),
    font: `12px ${styles.fontFamily}`,
    grid: { stroke: color("--chart-grid"), width: 1 },
    ticks: { show: false },
  };
  const series = lines.map(({ name, points }, index): uPlot.Series => {
    const isLevel = hasLevel && index === lines.length - 1;
    return {
      label: name,
      stroke: color(isLevel ? "--chart-level" : `--chart-line-${index}`),
      width: 1.5,
      spanGaps: true,
      points: { show: !isLevel && points.length < 2 },
      ...(isLevel && { dash: [4, 4] }),
    };
  });
  return {
    width: element.clientWidth,
    height,
    padding: [8, 12, 0, 0],
    scales: { x: { time: false } },
    axes: [
      { ...axis, size: 28, space: 70 },
      { ...axis, size: 52, space: 36, values: (_, ticks) => ticks.map(short) },
    ],
    series: [{}, ...series],
    legend: { show: false },
    cursor: { y: false, sync: { key: "step" }, drag: { x: true, y: false } },
    hooks: {
      setCursor: [({ cursor, data }) => onStep(data[0][cursor.idx ?? -1])],
    },
  };
}

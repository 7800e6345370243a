import type { JSX } from "preact";
import { percent } from "./figures.js";

export interface Bar {
  readonly label: string;
  /** From 0 to 1. */
  readonly share: number;
}

interface BarsProps {
  readonly title: string;
  /** Best first; the first is marked. */
  readonly bars: readonly Bar[];
  /** Whether the first bar has the full width, such as where all shares are small. */
  readonly isRelative?: boolean;
}

/** Shares as horizontal bars with their numbers. */
export function Bars({ title, bars, isRelative = false }: BarsProps): JSX.Element {
  const full = isRelative ? (bars[0]?.share ?? 1) : 1;
  return (
    <ol class="bars" aria-label={title}>
      {bars.map(({ label, share }, index) => (
        <li key={label} class={index === 0 ? "best" : ""}>
          <span class="label">{label}</span>
          <span class="track" aria-hidden="true">
            <span class="fill" style={{ width: `${(100 * share) / full}%` }} />
          </span>
          <span class="figure">{percent(share)}</span>
        </li>
      ))}
    </ol>
  );
}

import { percent } from "../report/measurements.js";

/** Formats a fraction from 0 to 1 as a percentage, right-aligned for columns: " 43.0 %". */
export function alignedPercent(share: number): string {
  return percent(share).padStart(7);
}

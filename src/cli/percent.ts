import { percent } from "../report/measurements.js";

/** A share from 0 to 1 in percent, right-aligned for columns: " 43.0 %". */
export function alignedPercent(share: number): string {
  return percent(share).padStart(7);
}

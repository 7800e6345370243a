/** A share from 0 to 1 in percent, right-aligned for columns: " 43.0 %". */
export function percent(share: number): string {
  return `${(100 * share).toFixed(1).padStart(5)} %`;
}

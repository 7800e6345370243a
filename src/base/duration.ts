/** Formats seconds for display, such as "1 h 5 min", "12 days" or "3.2 years". */
export function formatDuration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  const days = minutes / (24 * 60);
  if (days < 4) return `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
  return days < 730 ? `${Math.round(days)} days` : `${(days / 365.25).toFixed(1)} years`;
}

/** Formats what is done in a second for display, such as "0.42" or "140". */
export const formatRate = (rate: number): string =>
  rate < 10 ? rate.toPrecision(2) : rate.toFixed(0);

/** Numbers as text. */

/** A fraction in percent, such as "49.7 %". */
export const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;

/** An integer with thousands separators. */
export const grouped = (count: number): string => count.toLocaleString("en");

/** What results of a search are, such as "The 48 nearest". */
export const nearestOf = (count: number): string =>
  count === 1 ? "The nearest" : `The ${grouped(count)} nearest`;

/** Four significant digits at most, or an exponent where these do not suffice: "0.0123", "1.2e-5". */
export function short(value: number): string {
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-4 || size >= 1e6)) return value.toExponential(1);
  return size >= 1000 ? grouped(Math.round(value)) : String(Number(value.toPrecision(4)));
}

const binaryUnits = ["bytes", "KiB", "MiB", "GiB", "TiB"];

export function bytes(count: number): string {
  const power = count < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(count) / 10));
  const value = count / 1024 ** power;
  return `${power > 0 && value < 100 ? value.toFixed(1) : Math.round(value)} ${binaryUnits[power]!}`;
}

/** Such as "12 s", "5 min" or "2 h 5 min". */
export function duration(seconds: number): string {
  if (seconds < 90) return `${Math.round(seconds)} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** How long ago something was: "just now", "5 min ago", or the date for more than a day. */
export function ago(time: string): string {
  const seconds = (Date.now() - Date.parse(time)) / 1000;
  if (seconds < 10) return "just now";
  if (seconds < 86_400) return `${duration(seconds)} ago`;
  return new Date(time).toLocaleDateString("en", { dateStyle: "medium" });
}

/** Numbers and lists as text: "12,000", "1 step", "12,000 steps", "a, b, ...". */

/** A number with its digits in groups of three. */
export const grouped = (count: number): string => count.toLocaleString("en");

/** A number of things. @param plural of the noun; default: with an s */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${grouped(count)} ${count === 1 ? noun : plural}`;

/** The first of some names, with dots if there are more: "a, b, c, ...". */
export const listed = (names: readonly string[], most: number): string =>
  `${names.slice(0, most).join(", ")}${names.length > most ? ", ..." : ""}`;

/** Numbers as text: "12,000", "1 step", "12,000 steps". */

/** A number with its digits in groups of three. */
export const grouped = (count: number): string => count.toLocaleString("en");

/** A number of things. @param plural of the noun; default: with an s */
export const counted = (count: number, noun: string, plural = `${noun}s`): string =>
  `${grouped(count)} ${count === 1 ? noun : plural}`;

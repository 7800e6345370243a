import { InvalidArgumentError } from "commander";

/** Reads an option that is a whole number from 0. */
export function wholeNumber(text: string): number {
  const value = Number(text);
  if (/^\d+$/.test(text) && Number.isSafeInteger(value)) return value;
  throw new InvalidArgumentError("A whole number is wanted.");
}

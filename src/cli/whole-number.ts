import { InvalidArgumentError } from "commander";

/** Parses an option that is a whole number of at least `least`. */
export function wholeNumberFrom(least: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least) return value;
    throw new InvalidArgumentError(`Expected an integer >= ${least}.`);
  };
}

export const wholeNumber = wholeNumberFrom(0);

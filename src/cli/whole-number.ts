import { InvalidArgumentError } from "commander";

/** Parses an option that is a whole number of at least `least`, and at most `most`. */
export function wholeNumberFrom(least: number, most = Infinity): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && Number.isSafeInteger(value) && value >= least && value <= most)
      return value;
    const range = most === Infinity ? `>= ${least}` : `from ${least} to ${most}`;
    throw new InvalidArgumentError(`Expected an integer ${range}.`);
  };
}

export const wholeNumber = wholeNumberFrom(0);

/** Of TCP; 0 stands for any that is free. */
export const portNumber = wholeNumberFrom(0, 65_535);

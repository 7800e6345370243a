import { expect, it } from "vitest";
import { identityOfSamples } from "./identity.js";

it("samples are the same wherever they are in their files", () => {
  const sample = { key: "0", text: "one" };
  const identity = identityOfSamples([sample]);
  expect(identityOfSamples([{ ...sample, where: "a.csv, line 2" }])).toBe(identity);
  expect(identityOfSamples([{ ...sample, text: "two" }])).not.toBe(identity);
});

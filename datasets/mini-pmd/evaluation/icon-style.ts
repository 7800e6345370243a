import type { BuiltPair } from "./built-pairs.js";

const styleNames: Readonly<Record<string, string>> = {
  outline: "outline",
  line: "outline",
  linear: "outline",
  filled: "filled",
  solid: "filled",
  duotone: "duotone",
  "two-tone": "duotone",
};

/** The style of an icon, as its set names it; Phosphor's icons without a word for it are outlines. */
export function styleOf({ fields: { set, style } }: Pick<BuiltPair, "fields">): string | undefined {
  return set === "ph" && style === undefined ? "outline" : styleNames[style ?? ""];
}

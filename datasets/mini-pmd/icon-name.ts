/** Names of icons, such as "calendar-add-24-filled", split into concept, style and size. */

export interface IconName {
  /** What the icon shows: "calendar add". */
  readonly concept: string;
  /** "filled"; absent if the name gives none, or the ordinary style. */
  readonly style?: string;
  /** In pixels, if the name gives one: variants of one image. */
  readonly size?: number;
}

/** How the names of one set express style and size. */
export interface NameStyles {
  /** Endings with the label that the set gives them; "" is a name without any ending. */
  readonly suffixes: ReadonlyMap<string, string>;
  readonly prefixes: ReadonlyMap<string, string>;
  /** Endings that the set does not declare, but uses on many names. */
  readonly endings: ReadonlySet<string>;
  /** The style of every icon of the set, unless the name gives another. */
  readonly style?: string;
}

/** Endings that may mean a style: they do in sets that use them often. */
const styleEndings = new Map([
  ["outline", "outline"],
  ["outlined", "outline"],
  ["o", "outline"],
  ["filled", "filled"],
  ["fill", "filled"],
  ["f", "filled"],
  ["solid", "solid"],
  ["duotone", "duotone"],
  ["twotone", "two-tone"],
  ["line", "line"],
  ["stroke", "line"],
  ["linear", "linear"],
  ["thin", "thin"],
  ["light", "light"],
  ["bold", "bold"],
  ["sharp", "sharp"],
  ["rounded", "rounded"],
  ["broken", "broken"],
  // Variants without a label.
  ["regular", ""],
  ["alt", ""],
  ["alt1", ""],
  ["alt2", ""],
  ["r", ""],
  ["s", ""],
  ["dark", ""],
  ["compact", ""],
  ["small", ""],
  ["wordmark", ""],
  ["icon", ""],
  ["expressive", ""],
]);

/** Labels without a visible meaning. */
const silentLabels = new Set(
  "regular default path basic colors branded pop print background baseline dark".split(" "),
);

/** Sets whose own name gives the style. */
const setStyles: Readonly<Record<string, string>> = {
  "icon-park-outline": "outline",
  "icon-park-solid": "solid",
  "icon-park-twotone": "two-tone",
  "heroicons-outline": "outline",
  "heroicons-solid": "solid",
  "fa-solid": "solid",
  "fa6-solid": "solid",
  "fa7-solid": "solid",
  "material-symbols-light": "light",
  "mdi-light": "light",
  uit: "thin",
  uis: "solid",
  "streamline-pixel": "pixel",
  pixel: "pixel",
};

/** Words before a number that counts or names something, so that the number is part of the concept. */
const counted = new Set(
  (
    "number numeric digit dice die counter filter looks battery signal level rating clock hour time timer " +
    "heading header h letter roman grid layout step moon day quarter rank top wifi cell bar bars speed gear page " +
    "circle square box hexagon pentagon triangle diamond"
  ).split(" "),
);

/** Learns from a set's declarations and all of its names how they express style and size. */
export function nameStyles(
  set: string,
  names: readonly string[],
  suffixes: Readonly<Record<string, string>> = {},
  prefixes: Readonly<Record<string, string>> = {},
): NameStyles {
  const counts = new Map<string, number>();
  for (const name of names) {
    const ending = name.slice(name.lastIndexOf("-") + 1);
    if (ending !== name && styleEndings.has(ending)) {
      counts.set(ending, (counts.get(ending) ?? 0) + 1);
    }
  }
  const often = Math.max(8, names.length * 0.03);
  const endings = [...counts].filter(([, count]) => count >= often).map(([ending]) => ending);
  const style = setStyles[set];
  return {
    suffixes: new Map(Object.entries(suffixes)),
    prefixes: new Map(Object.entries(prefixes)),
    endings: new Set(endings),
    ...(style !== undefined && { style }),
  };
}

/** Splits `name`. The concept is empty if nothing but style remains. */
export function parseIconName(name: string, styles: NameStyles): IconName {
  const found: string[] = [];
  let rest = name;
  let size: number | undefined;
  const declared = longest(styles.suffixes, (suffix) => rest.endsWith(`-${suffix}`));
  if (declared !== undefined) {
    rest = rest.slice(0, -declared.length - 1);
    size = sizeIn(declared);
  }
  const label = styles.suffixes.get(declared ?? "");
  if (label !== undefined) found.push(...labelWords(label));
  const prefix = longest(styles.prefixes, (start) => rest.startsWith(`${start}-`));
  if (prefix !== undefined) {
    rest = rest.slice(prefix.length + 1);
    found.push(...labelWords(styles.prefixes.get(prefix) ?? ""));
  }
  const words = rest.split("-").filter((word) => word !== "");
  for (let last = words.at(-1); words.length > 1 && last !== undefined; last = words.at(-1)) {
    if (styles.endings.has(last) || /^alt\d?$/.test(last)) {
      const style = styleEndings.get(last);
      if (style !== undefined && style !== "") found.unshift(style);
    } else if (!isVariantNumber(words)) {
      break;
    }
    words.pop();
  }
  const style = [...new Set(found.length > 0 ? found : [styles.style ?? ""])].join(" ");
  return {
    concept: words.join(" "),
    ...(style !== "" && { style }),
    ...(size !== undefined && { size }),
  };
}

function longest(
  table: ReadonlyMap<string, string>,
  fits: (key: string) => boolean,
): string | undefined {
  const keys = [...table.keys()].filter((key) => key !== "" && fits(key));
  return keys.sort((a, b) => b.length - a.length)[0];
}

/** The size in an ending such as "24-filled" or "24px". */
function sizeIn(suffix: string): number | undefined {
  const digits = /(?:^|-)(\d+)(?:px)?(?:-|$)/.exec(suffix)?.[1];
  return digits === undefined ? undefined : Number(digits);
}

/** "Outline 24x24" is ["outline"], "BoldDuotone" is ["bold", "duotone"]. */
function labelWords(label: string): string[] {
  const words = label
    .replace(/Two[- ]?Tone/i, "two-tone")
    .replace(/([a-z])([A-Z])/g, "$1 $2")
    .toLowerCase()
    .split(/\s+/);
  const plain = words.filter((word) => !/^\d+(x\d+|px)?$/.test(word) && !silentLabels.has(word));
  return plain.map((word) => styleEndings.get(word) ?? word);
}

/** Whether the last word numbers a variant: "arrow-down-01", not "dice-3". */
function isVariantNumber(words: readonly string[]): boolean {
  const last = words.at(-1) ?? "";
  if (/^0\d$/.test(last)) return true;
  return /^\d$/.test(last) && !words.slice(0, -1).some((word) => counted.has(word));
}

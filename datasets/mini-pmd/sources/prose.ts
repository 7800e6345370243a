/** Captions from people's texts: clean, whole sentences, short. */

/** Length limit of captions in words: the text encoder of the trained models sees no more than 77 tokens. */
const longestCaption = 60;

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
};

/** Text without tags, with entities resolved (`&amp;`, `&#233;`), in one line. */
export function plain(text: string): string {
  return collapse(decodeEntities(text.replace(/<[^>]*>/g, " ")));
}

/** XML entities as the characters they represent; unknown ones stay. */
export function decodeEntities(text: string): string {
  return text.replace(
    /&(?:#(\d+)|#x([\da-f]+)|(\w+));/gi,
    (entity: string, decimal?: string, hex?: string, name?: string) => {
      if (name !== undefined) return entities[name.toLowerCase()] ?? entity;
      const code = decimal === undefined ? parseInt(hex ?? "", 16) : Number(decimal);
      return code > 31 && code <= 0x10ffff ? String.fromCodePoint(code) : " ";
    },
  );
}

/** All white space, control characters included, as single spaces; trimmed. */
export function collapse(text: string): string {
  // eslint-disable-next-line no-control-regex -- damaged texts contain them
  return text.replace(/[\s\u0000-\u001f\u007f\ufeff]+/gu, " ").trim();
}

/** The sentences of a text in one line. A full stop after a single letter or a common abbreviation ends none. */
export function sentencesOf(text: string): string[] {
  const pieces = collapse(text).split(
    /(?<=[.!?…]["'”’)]?)(?<!\b(?:[A-Za-z]|e\.g|i\.e|etc|vs|Mr|Mrs|Dr|St|No|approx|ca|resp)\.)\s+(?=["'“‘(]?[\p{Lu}\d])/u,
  );
  return pieces.filter((sentence) => sentence !== "");
}

/** As many whole sentences from the start as fit in `words`; of a longer first sentence, its first `words`. */
export function cut(text: string, words = longestCaption): string {
  const kept: string[] = [];
  let count = 0;
  for (const sentence of sentencesOf(text)) {
    count += sentence.split(" ").length;
    if (count > words) break;
    kept.push(sentence);
  }
  if (kept.length > 0) return kept.join(" ");
  return collapse(text).split(" ").slice(0, words).join(" ");
}

/** Captions in order, without empty ones and those that differ only in case or the final full stop. */
export function distinct(captions: readonly (string | undefined)[]): string[] {
  const seen = new Set<string>();
  const cleaned = captions.map((caption) => collapse(caption ?? ""));
  return cleaned.filter((caption) => {
    const form = caption.toLowerCase().replace(/[.!]+$/, "");
    if (form === "" || seen.has(form)) return false;
    seen.add(form);
    return true;
  });
}

/** The words of a file name: "measuringTape6" is "measuring tape", "coffee-cup_01" is "coffee cup". */
export function wordsOf(fileName: string): string {
  return fileName
    .replace(/(\p{Ll})(\p{Lu})/gu, "$1 $2")
    .replace(/(\p{L})(\d)/gu, "$1 $2")
    .split(/[\s_.-]+/)
    .filter((word) => !/^\d*$/.test(word))
    .join(" ")
    .toLowerCase();
}

/** The thing a sentence names, for grouping: lower case, without article and final stop: "A red pear." is "red pear". */
export function conceptOf(sentence: string): string {
  return collapse(sentence)
    .toLowerCase()
    .replace(/^(?:an?|the|some)\s+/, "")
    .replace(/[.!?…]+$/, "");
}

/** A key that is safe in archives: the set, a slash, and the path with anything but ASCII letters, digits and _ as dashes. */
export function keyOf(set: string, path: string): string {
  return `${set}/${path.replace(/[^A-Za-z0-9_]/g, "-")}`;
}

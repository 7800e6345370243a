/** Paragraphs of HTML manuals. Enough of HTML for generated documentation; not a parser for the open web. */

const tag = /<!--[\s\S]*?-->|<(\/?)([a-zA-Z][\w:-]*)((?:[^>"']|"[^"]*"|'[^']*')*)>|[^<]+|</g;

/** Elements whose content is not running text. */
const skippedElements = new Set(
  "head script style pre table nav footer header aside svg math figure select form button dt h1 h2 h3 h4 h5 h6".split(
    " ",
  ),
);

/** Elements that end a paragraph when they open or close. */
const blockElements = new Set(
  "p div li ul ol dl dd dt blockquote section article main body table pre hr h1 h2 h3 h4 h5 h6 center".split(
    " ",
  ),
);

interface HtmlOptions {
  /** Elements with matching attributes are left out completely, such as /class="sidebar/. */
  readonly skip?: RegExp;
}

/** The running text of a page in paragraphs: headings, tables, code blocks and navigation dropped, entities decoded. */
export function htmlParagraphs(html: string, options: HtmlOptions = {}): string[] {
  const paragraphs: string[] = [];
  let text = "";
  let skipping: { readonly name: string; depth: number } | undefined;
  const flush = (): void => {
    const paragraph = decodeEntities(text).replace(/\s+/g, " ").trim();
    if (paragraph !== "") paragraphs.push(paragraph);
    text = "";
  };
  for (const [all, slash, rawName, attributes = ""] of html.matchAll(tag)) {
    if (rawName === undefined) {
      if (!skipping && !all.startsWith("<!--")) text += all;
      continue;
    }
    const name = rawName.toLowerCase();
    if (skipping) {
      if (name === skipping.name && !attributes.endsWith("/")) skipping.depth += slash ? -1 : 1;
      if (skipping.depth === 0) skipping = undefined;
      continue;
    }
    if (name === "br") text += " ";
    if (blockElements.has(name)) flush();
    if (slash || attributes.endsWith("/") || voidElements.has(name)) continue;
    if (skippedElements.has(name) || options.skip?.test(attributes)) skipping = { name, depth: 1 };
  }
  flush();
  return paragraphs;
}

const voidElements = new Set("br hr img input link meta area base col wbr".split(" "));

const entities: Readonly<Record<string, string>> = {
  amp: "&",
  lt: "<",
  gt: ">",
  quot: '"',
  apos: "'",
  nbsp: " ",
  mdash: "—",
  ndash: "–",
  hellip: "…",
  lsquo: "‘",
  rsquo: "’",
  ldquo: "“",
  rdquo: "”",
  copy: "©",
  reg: "®",
  trade: "™",
  times: "×",
  eacute: "é",
};

/** Numeric entities and the common named ones; others are dropped. */
export function decodeEntities(text: string): string {
  return text.replace(/&(?:#(\d{1,7})|#[xX]([\da-fA-F]{1,6})|(\w{2,10}));/g, (_all, ...found) => {
    const [decimal, hexadecimal, name] = found as (string | undefined)[];
    if (name !== undefined) return entities[name] ?? " ";
    const code = decimal === undefined ? parseInt(hexadecimal ?? "20", 16) : Number(decimal);
    return code <= 0x10ffff ? String.fromCodePoint(code) : " ";
  });
}

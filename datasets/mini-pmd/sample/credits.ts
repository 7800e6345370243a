/** Authors and licenses of the sample. */

/** Licenses that permit redistribution of an image with little more than the name of its author. */
const free =
  /^(MIT|Apache-2\.0|ISC|BSD(-\d-Clause)?|0BSD|CC0(-1\.0)?|OFL(-1\.1)?|Unlicense|public domain|PD)$/i;

export const isFree = (license: string): boolean => free.test(license);

interface Credit {
  readonly set: string;
  readonly license: string;
  readonly authors: Set<string>;
  samples: number;
}

/** Counts samples by set and license. */
export class Credits {
  readonly #credits = new Map<string, Credit>();

  add(set: string, license: string, author: string | undefined): void {
    const name = `${set} ${license}`;
    const credit = this.#credits.get(name) ?? { set, license, authors: new Set(), samples: 0 };
    this.#credits.set(name, credit);
    credit.samples++;
    if (author !== undefined) credit.authors.add(author.replace(/[*_`[\]<>]/g, ""));
  }

  /** A page in Markdown with one line per set. */
  markdown(intro: string): string {
    const lines = [...this.#credits.values()]
      .sort((a, b) => a.set.localeCompare(b.set) || a.license.localeCompare(b.license))
      .map(({ set, license, authors, samples }) => {
        const names = [...authors].sort();
        const by =
          names.length === 0
            ? ""
            : `; by ${names.slice(0, mostNames).join(", ")}${names.length > mostNames ? " and others" : ""}`;
        return `- \`${set}\`: ${license}, ${samples} ${samples === 1 ? "sample" : "samples"}${by}`;
      });
    return `${intro}\n\n${lines.join("\n")}\n`;
  }
}

const mostNames = 12;

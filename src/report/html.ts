/** A fragment of HTML in which all insertions are escaped. */
export class Html {
  constructor(readonly source: string) {}

  toString(): string {
    return this.source;
  }
}

type Insertion = Html | string | number | readonly Html[];

const entities: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Template tag: strings and numbers are escaped, fragments are inserted as they are. */
export function html(parts: TemplateStringsArray, ...insertions: readonly Insertion[]): Html {
  const inserted = insertions.map((insertion) => {
    if (insertion instanceof Html) return insertion.source;
    if (typeof insertion === "object") return insertion.map(({ source }) => source).join("");
    return String(insertion).replace(/[&<>"']/g, (character) => entities[character]!);
  });
  return new Html(String.raw({ raw: parts }, ...inserted));
}

/** Reads DEP-11, the list of applications of a Debian archive: the keys needed for captions, from its regular YAML. */

export interface Component {
  readonly id: string;
  readonly type: string;
  readonly name: string;
  readonly summary: string;
  /** HTML of paragraphs and lists, possibly empty. */
  readonly description: string;
  readonly categories: readonly string[];
  readonly keywords: readonly string[];
  /** The file name of the icon within the archives of icons. */
  readonly icon: string;
}

/** The components that have an icon, with their English texts. */
export function componentsOf(yaml: string): Component[] {
  return yaml
    .split(/^---[ \t]*$/m)
    .map(componentOf)
    .filter((component) => component !== undefined);
}

function componentOf(document: string): Component | undefined {
  const fields = fieldsOf(document.split("\n"), 0);
  const english = (key: string): string =>
    scalar(fieldsOf(fields.get(key) ?? [], 2).get("C") ?? []);
  const id = scalar(fields.get("ID") ?? []);
  const icon = (fields.get("Icon") ?? []).find((line) => /^\s+- name: /.test(line));
  if (id === "" || icon === undefined) return undefined;
  return {
    id,
    type: scalar(fields.get("Type") ?? []),
    name: english("Name"),
    summary: english("Summary"),
    description: english("Description"),
    categories: items(fields.get("Categories") ?? []),
    keywords: items(fieldsOf(fields.get("Keywords") ?? [], 2).get("C") ?? []),
    icon: scalar([icon.replace(/^\s+- name: /, "")]),
  };
}

/** The lines of each key at this indentation: the rest of its own line first, then its block. */
function fieldsOf(lines: readonly string[], indent: number): Map<string, string[]> {
  const fields = new Map<string, string[]>();
  const key = new RegExp(`^ {${indent}}([\\w@.-]+):(?: (.*))?$`);
  let current: string[] = [];
  for (const line of lines) {
    const [, name, rest] = key.exec(line) ?? [];
    if (name === undefined) {
      current.push(line);
      continue;
    }
    current = [rest ?? ""];
    fields.set(name, current);
  }
  return fields;
}

/** The entries of a list, one per line. */
function items(lines: readonly string[]): string[] {
  return lines.flatMap((line) => {
    const [, entry] = /^\s*- (.*)$/.exec(line) ?? [];
    return entry === undefined ? [] : [scalar([entry])];
  });
}

/** A text in any of YAML's five ways: plain, in single or double quotes, folded (>) or literal (|). */
function scalar(lines: readonly string[]): string {
  const [head = "", ...rest] = lines;
  if (/^[>|][+-]?\d?$/.test(head.trim())) {
    const body = rest.map((line) => line.trim());
    return head.trim().startsWith("|") ? body.join("\n").trim() : folded(body);
  }
  // In double quotes, a backslash at the end of a line joins it with the next.
  const joined = [head, ...rest]
    .map((line) => line.trim())
    .join("\n")
    .replace(/\\\n/g, "");
  const text = folded(joined.split("\n"));
  if (/^'.*'$/s.test(text)) return text.slice(1, -1).replaceAll("''", "'");
  return /^".*"$/s.test(text) ? unescaped(text.slice(1, -1)) : text;
}

/** A line break becomes a space, an empty line a line break. */
function folded(lines: readonly string[]): string {
  return lines
    .map((line) => (line === "" ? "\n" : line))
    .join(" ")
    .replace(/ ?\n ?/g, "\n")
    .trim();
}

const escapes: Readonly<Record<string, string>> = { n: "\n", t: "\t", r: "\r", "0": "", e: "" };

function unescaped(text: string): string {
  return text.replace(
    /\\(?:x([\da-f]{2})|u([\da-f]{4})|U([\da-f]{8})|([\s\S]))/gi,
    (_, x?: string, u?: string, long?: string, one?: string) => {
      const code = x ?? u ?? long;
      if (code === undefined) return escapes[one ?? ""] ?? one ?? "";
      const point = parseInt(code, 16);
      return point <= 0x10ffff ? String.fromCodePoint(point) : "";
    },
  );
}

/** Debian's machine-readable copyright files (DEP-5): the license of each file. */

export interface Rights {
  readonly license: string;
  readonly holder: string;
}

interface Rule {
  readonly patterns: readonly RegExp[];
  readonly rights: Rights;
}

/**
 * Reads a copyright file.
 * @returns a function from a path to its rights, by the last matching rule, or undefined if none matches
 */
export function rightsOf(copyright: string): (path: string) => Rights | undefined {
  const rules = copyright
    .split(/\n[ \t]*\n/)
    .map(ruleOf)
    .filter((rule) => rule !== undefined);
  return (path) =>
    rules.findLast(({ patterns }) => patterns.some((pattern) => pattern.test(path)))?.rights;
}

function ruleOf(paragraph: string): Rule | undefined {
  const files = fieldOf(paragraph, "Files");
  const license = fieldOf(paragraph, "License")?.split("\n")[0]?.trim();
  if (files === undefined || license === undefined) return undefined;
  const holder = (fieldOf(paragraph, "Copyright") ?? "").split("\n")[0] ?? "";
  return {
    patterns: files.split(/\s+/).filter(Boolean).map(glob),
    rights: { license, holder: holder.replace(/\s*[<(].*$/, "").trim() },
  };
}

/** The value of a field with its indented continuation lines. */
function fieldOf(paragraph: string, name: string): string | undefined {
  return new RegExp(`^${name}:((?:.*)(?:\\n[ \\t].*)*)`, "m").exec(paragraph)?.[1]?.trim();
}

/** `*` stands for anything, slashes too; `?` for one character. */
function glob(pattern: string): RegExp {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${escaped.replaceAll("*", ".*").replaceAll("?", ".")}$`);
}

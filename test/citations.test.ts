/** Citations of docs/flava.md, such as "flava.md 3.6", refer to existing sections. */
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, it } from "vitest";

const root = join(import.meta.dirname, "..");
const folders = ["src", "test", "bench", "native", "datasets"];
const textFile = /\.(ts|mjs|py|h|cpp|md)$/;

/** One section or several, as in "flava.md 1.11 and 1.12"; the comment's line may break between them. */
const citation =
  /(?:flava\.md|\breference)[\s*/]+(\d+(?:\.\d+)?(?:(?:,| and| or)[\s*/]+\d+\.\d+)*)/g;

/** The numbers of the sections of a page: "3" of "## 3. Objectives", "3.6" of "### 3.6 Image-text matching". */
function sectionsOf(page: string): Set<string> {
  const headings = page.matchAll(/^#{2,3} (\d+(?:\.\d+)?)\.? /gm);
  return new Set([...headings].map(([, number = ""]) => number));
}

/** The sections cited in a text. */
const citedIn = (text: string): string[] =>
  [...text.matchAll(citation)].flatMap(([, numbers = ""]) => numbers.match(/\d+(\.\d+)?/g)!);

/** Every text file of `folders` except this one, whose citations are examples. */
function commentedFiles(): string[] {
  return folders
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((path) =>
        join(root, folder, path),
      ),
    )
    .filter((path) => textFile.test(path) && path !== import.meta.filename);
}

describe("citations of docs/flava.md", () => {
  it("name sections that exist", () => {
    const sections = sectionsOf(readFileSync(join(root, "docs", "flava.md"), "utf8"));
    const citations = commentedFiles().flatMap((file) =>
      citedIn(readFileSync(file, "utf8")).map((section) => ({ file, section })),
    );
    const broken = citations.filter(({ section }) => !sections.has(section));
    expect(citations).not.toEqual([]);
    expect(broken.map(({ file, section }) => `${relative(root, file)}: ${section}`)).toEqual([]);
  });

  it.each([
    ["/** The sizes of a model (flava.md 1.1 and 1.9). */", ["1.1", "1.9"]],
    ["/** In both directions (flava.md 1.11 and\n * 1.12). */", ["1.11", "1.12"]],
    ["/** The recipe (flava.md 5.1), for 2.5 GB of memory. */", ["5.1"]],
  ])("are found in %j", (text, sections) => {
    expect(citedIn(text)).toEqual(sections);
  });

  it("require a heading with their number", () => {
    const page = "## 3. Objectives\n\nSee 3.5.\n\n### 3.6 Matching\n";
    expect([...sectionsOf(page)]).toEqual(["3", "3.6"]);
  });
});

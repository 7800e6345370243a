import { beforeAll, expect, it } from "vitest";
import { evaluateSmallSets } from "../../test/evaluation-sets.js";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { referenceBackend } from "../backend/reference.js";
import { keyOf } from "../base/random.js";
import type { Evaluation } from "../eval/evaluate.js";
import { toSection } from "./evaluation-section.js";
import { toJson, toMarkdown } from "./evaluation-text.js";
import { page } from "./page.js";

const folder = temporaryDirectory();
let evaluations: Evaluation[];
beforeAll(async () => {
  evaluations = await evaluateSmallSets(folder);
});

it("evaluations are written as Markdown and as JSON", () => {
  const markdown = toMarkdown(evaluations);
  expect(markdown).toContain("## \\<labeled\\>\n");
  expect(markdown).toContain("3 of 7 samples were left out: 2 are not used, 1 is damaged");
  const { mean } = evaluations[0]!.kind === "zero-shot" ? evaluations[0]!.result.top1 : { mean: 0 };
  expect(markdown).toContain(`| top-1 accuracy | ${(100 * mean).toFixed(1)} % |`);
  expect(markdown.match(/^\|/gm)).toHaveLength(2 + 4 + 2 + 2 * 9 + 2 + 4);
  const json = JSON.parse(JSON.stringify(evaluations.map(toJson))) as unknown;
  expect(json).toMatchObject([
    { set: "<labeled>", kind: "zero-shot", images: 4, skipped: { damaged: 1 } },
    { kind: "retrieval", texts: 2 },
    { kind: "linear probe", classes: 3, fitted: 12, converged: true },
  ]);
  expect(JSON.stringify(json)).toContain('"name":"image to text, R@1 (unseen kinds)"');
});

it("evaluations are drawn on a page that loads nothing, with names escaped", async () => {
  const sections = [];
  for (const one of evaluations)
    sections.push(await toSection(one, { backend: referenceBackend(), key: keyOf(0) }));
  const source = page("A & B", "facts", sections);
  expect(source.replace(/^\s*<!doctype html>\s*/, "")).toMatch(/^<html/);
  expect(source).toContain("<title>A &amp; B</title>");
  expect(source).toContain("&lt;labeled&gt;");
  expect(source).toContain("a &lt;b&gt;");
  expect(source).not.toMatch(/<labeled|<b>|undefined|NaN|\[object/);
  expect(source).not.toMatch(/(src|href)="(?!data:image\/webp;base64,|#section-)|url\(|@import/);
  const images = source.match(/<img\s/g) ?? [];
  expect(images.length).toBe(4 + 2 * 3 + 3 + 4);
});

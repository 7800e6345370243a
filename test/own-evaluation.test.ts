/** The commands of docs/own-evaluation.md run as they are, on small data. */
import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { beforeAll, describe, expect, it } from "vitest";
import { flava, wordsOf } from "./command-line.js";
import { temporaryDirectory } from "./golden/temporary-directory.js";
import { writeCheckpoint } from "./small-checkpoint.js";

const root = join(import.meta.dirname, "..");
const text = readFileSync(join(root, "docs", "own-evaluation.md"), "utf8");
const commands = [...text.matchAll(/```sh\n(.*?)```/gs)].flatMap(([, block = ""]) =>
  block.trim().split("\n"),
);
const folder = temporaryDirectory();

beforeAll(async () => {
  for (const name of ["my-model", "other-model"]) await writeCheckpoint(join(folder, name));
  const rows = ["image,caption"];
  for (const [label, background] of Object.entries({ cat: "orange", dog: "brown" })) {
    const image = sharp({ create: { width: 32, height: 32, channels: 3, background } });
    const first = join(folder, `${label}.png`);
    await image.png().toFile(first);
    for (const [part, count] of Object.entries({ train: 6, test: 2 })) {
      mkdirSync(join(folder, "photos", part, label), { recursive: true });
      for (let i = 0; i < count; i++)
        copyFileSync(first, join(folder, "photos", part, label, `${i}.png`));
    }
    rows.push(`${label}.png,a ${label}`);
  }
  writeFileSync(join(folder, "captions.csv"), rows.join("\n"));
  writeFileSync(join(folder, "novel.txt"), "The cat sat on the mat.\n\nThe dog did not.\n");
  mkdirSync(join(folder, "data", "food101", "images"), { recursive: true });
});

describe("the commands of docs/own-evaluation.md", () => {
  it("are found", () => expect(commands.length).toBeGreaterThan(7));

  it.each(commands)("%s", async (line) => {
    const [command = "", file] = line.split(" > ");
    const [npx, name, ...words] = wordsOf(command);
    expect([npx, name]).toEqual(["npx", "flava"]);
    const { code, out, err } = await flava(folder, words);
    expect(code, err).toBe(line.includes("--suite") ? 1 : 0); // most tasks are missing
    if (file !== undefined) writeFileSync(join(folder, file), out);
    if (line.includes("novel.txt")) expect(out).toContain("the texts of 2 samples"); // paragraphs
  });

  it("leave the files that the page names", () => {
    const pages = ["zero-shot.html", "retrieval.html", "probe.html", "results/report.html"];
    const others = ["features.parquet", "patches.parquet", "results/report.md"];
    for (const file of [...pages, ...others])
      expect(existsSync(join(folder, file)), file).toBe(true);
    const against = JSON.parse(readFileSync(join(folder, "against.json"), "utf8")) as unknown;
    expect(against).toMatchObject({
      evaluations: [
        { kind: "zero-shot", against: {} },
        { kind: "retrieval", against: {} },
      ],
    });
  });

  it("say which files of a task are missing", () => {
    const report = readFileSync(join(folder, "results/report.md"), "utf8");
    expect(report).toMatch(/Food101, incomplete: .*lacks meta\/classes.*come from data\.vision/);
  });
});

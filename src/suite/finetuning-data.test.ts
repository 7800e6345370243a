import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { SkippedSamples } from "../data/batch/skipped.js";
import { cola } from "../eval/tasks/language/cola.js";
import { hatefulMemes } from "../eval/tasks/multimodal/hateful-memes.js";
import { openTask } from "../eval/tasks/open-task.js";
import { finetuningData } from "./finetuning-data.js";

const folder = temporaryDirectory();

it("official files are learned from in a folder of any name: CoLA's have no names of columns", async () => {
  await mkdir(join(folder, "mine"));
  const rows = [
    "gj04\t1\t\tWe yelled.",
    "gj04\t0\t*\tThey drank the pub.",
    "gj04\t-1\t\tNo label.",
  ];
  await writeFile(join(folder, "mine/train.tsv"), `${rows.join("\n")}\n`);
  await writeFile(join(folder, "mine/dev.tsv"), `${rows[1]}\n`);
  const place = { folder: join(folder, "mine"), incomplete: true };
  const skipped = new SkippedSamples();
  const { train, validation } = await finetuningData(
    cola,
    await openTask(cola, "", place),
    skipped,
  );
  expect(train.map(({ text, target }) => [text, target])).toEqual([
    ["We yelled.", { kind: "class", label: "acceptable" }],
    ["They drank the pub.", { kind: "class", label: "unacceptable" }],
  ]);
  expect(validation.map(({ text }) => text)).toEqual(["They drank the pub."]); // GLUE's test labels are secret
  expect(skipped.first.map(({ message }) => message)).toEqual([
    "train.tsv, line 3: it has no label.",
  ]);
});

it("the best model is chosen by a validation part where there is one", async () => {
  await mkdir(join(folder, "memes/img"), { recursive: true });
  await writeFile(join(folder, "memes/img/1.png"), "an image");
  for (const part of ["train", "dev_seen", "test_seen"]) {
    const line = JSON.stringify({ id: 1, img: "img/1.png", label: 1, text: part });
    await writeFile(join(folder, `memes/${part}.jsonl`), `${line}\n`);
  }
  const place = { folder: join(folder, "memes"), incomplete: true };
  const opened = await openTask(hatefulMemes, "", place);
  const { train, validation, labels } = await finetuningData(
    hatefulMemes,
    opened,
    new SkippedSamples(),
  );
  expect([...train, ...validation].map(({ text }) => text)).toEqual(["train", "dev_seen"]);
  expect(labels).toEqual(["not hateful", "hateful"]); // in the order of their numbers
  const answers = (path: string) => Promise.resolve([path, "yes"]);
  const asked = await finetuningData({ classes: [], answers }, opened, new SkippedSamples());
  expect(asked.labels).toEqual([place.folder, "yes"]);
});

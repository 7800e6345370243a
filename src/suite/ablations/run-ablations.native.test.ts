import { cp, mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { expect, it } from "vitest";
import { writeShapes } from "../../../test/shapes.js";
import { nativeLevels } from "../../backend/native.js";
import { openBackend } from "../../backend/open.js";
import { ablationRecipe } from "../../configs/ablations/ablations.js";
import { checkRecipe } from "../../configs/recipe.js";
import { openSource } from "../../data/formats/open.js";
import { classFoldersSource } from "../../data/formats/labeled/class-folders.js";
import type { PaperValues } from "../../eval/tasks/paper.js";
import type { Task } from "../../eval/tasks/task.js";
import { runAblations } from "./run-ablations.js";

const classes = ["red", "blue"];
const values: PaperValues = [1, 2, 3, 4, 5, 6, 7, 8];
const common = { origin: "us", gigabytes: 0 };
const tasks: readonly Task[] = [
  {
    ...{ ...common, kind: "linear probe", name: "colors", title: "Colors", family: "vision" },
    ...{ inputs: "image", classes },
    layouts: [
      {
        name: "class folders",
        parts: Object.fromEntries(
          ["train", "test"].map((part) => [
            part,
            { files: [part], open: (root) => classFoldersSource(join(root, part), classes) },
          ]),
        ),
      },
    ],
    protocols: { clip: { train: [["train"]], test: ["test"] } },
    paper: [{ title: "Colors", metrics: ["accuracy"], values }],
  },
  {
    ...{ ...common, kind: "zero-shot retrieval", name: "shapes", title: "Shapes" },
    family: "multimodal",
    layouts: [
      { name: "shards", parts: { test: { files: ["."], open: (root) => openSource(root) } } },
    ],
    protocols: { paper: { train: [], test: ["test"] } },
    paper: [{ title: "Shapes TR R@1", metrics: ["text R@1"], values }],
  },
];

async function writeColors(folder: string): Promise<void> {
  for (const part of ["train", "test"]) {
    for (const [label, red] of [
      ["red", 250],
      ["blue", 0],
    ] as const) {
      await mkdir(join(folder, part, label), { recursive: true });
      for (let index = 0; index < 4; index++) {
        const background = { r: red, g: 20 * index, b: 250 - red };
        const image = sharp({ create: { width: 32, height: 32, channels: 3, background } });
        await image.png().toFile(join(folder, part, label, `${index}.png`));
      }
    }
  }
}

/** The recipe at toy size, on the shapes below `root`. */
function toyRecipe(root: string) {
  const recipe = ablationRecipe(2);
  const batch = { pair: 4, image: 4, text: 4 };
  return checkRecipe(
    {
      ...recipe,
      model: { from: "tiny", text: { vocabulary: 32 } },
      data: {
        ...recipe.data,
        ...{ root, vocabulary: "words.txt", images: ["pairs/*/train"] },
        validation: { pairs: ["pairs/*/validation"], texts: ["text/*/validation"], batch: 4 },
        ...{ captions: { lengths: [8], unit: "word" }, passages: { lengths: [16], unit: "piece" } },
      },
      stages: recipe.stages.map((stage) =>
        stage.kind === "codebook" ? { ...stage, batch: 4 } : { ...stage, batch },
      ) as [(typeof recipe.stages)[0], ...typeof recipe.stages],
    },
    "the toy ablations",
  );
}

it.runIf(nativeLevels().length > 0)(
  "trains models with several seeds, compares them on the tasks that all have, and resumes",
  async () => {
    const root = await mkdtemp(join(tmpdir(), "flava-ablations-"));
    const backend = openBackend();
    try {
      await writeShapes(root);
      const data = join(root, "tasks");
      await writeColors(join(data, "colors"));
      await cp(join(root, "pairs", "shapes", "validation"), join(data, "shapes"), {
        recursive: true,
      });
      const lines: string[] = [];
      const options = {
        ...{ recipe: toyRecipe(root), seeds: [0, 1], only: ["codebook", "mim", "contrastive"] },
        ...{ directory: join(root, "out"), tasks, data, backend, workers: 0 },
        log: (line: string) => lines.push(line),
      };
      const report = await runAblations(options);
      const [mim, contrastive] = report!.models;
      expect(mim).toMatchObject({ stage: "mim", scores: { vision: { seeds: 2 } } });
      expect(mim!.scores.multimodal).toBeUndefined();
      expect(Object.keys(contrastive!.scores)).toEqual(["vision", "multimodal"]);
      expect(report!.rows.vision).toEqual({ used: 1, all: 1 });
      const markdown = await readFile(join(root, "out", "report.md"), "utf8");
      expect(markdown).toMatch(/^\| MIM \|.* ± .*57\.46/m);
      expect(report!.changes).toEqual([]); // neither pair of models is there
      lines.length = 0;
      expect(await runAblations(options)).toEqual(report);
      expect(lines.filter((line) => line.includes("is finished"))).toHaveLength(6);
      expect(lines.some((line) => line.startsWith("Memory"))).toBe(false);
      const without = runAblations({ ...options, data: root });
      await expect(without).rejects.toThrow("the files of no task");
    } finally {
      backend.dispose();
      await rm(root, { recursive: true, force: true });
    }
  },
);

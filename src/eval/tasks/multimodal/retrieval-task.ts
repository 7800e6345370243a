import { join } from "node:path";
import { captionShards } from "../../../data/formats/labeled/tar-shards.js";
import type { Source } from "../../../data/formats/source.js";
import type { PaperRow, PaperValues } from "../paper.js";
import { pathsOf } from "../task-files.js";
import type { Layout, RetrievalTask } from "../task.js";

type Given = Pick<RetrievalTask, "name" | "title" | "folders" | "origin" | "gigabytes">;

interface RetrievalSet extends Given {
  /** Number of images of the test part. */
  readonly images: number;
  readonly layouts: readonly RetrievalLayout[];
  /** The rows for text (image to text) and image retrieval. */
  readonly paper: Readonly<
    Record<"text R@1" | "text R@5" | "image R@1" | "image R@5", PaperValues>
  >;
}

interface RetrievalLayout {
  readonly name: string;
  readonly list: string;
  /** The folder of the images, which may have several names. */
  readonly folder: string;
  readonly open: (list: string, folder: string) => Promise<Source>;
}

/** Retrieval without fine-tuning, on Karpathy's test split (flava.md 8.2). */
export function retrievalTask(given: RetrievalSet): RetrievalTask {
  const { images, layouts, paper, ...task } = given;
  const layoutOf = ({ name, list, folder, open }: RetrievalLayout): Layout<Source> => ({
    name,
    parts: {
      test: {
        files: [list, folder],
        samples: images,
        open: async (root) => {
          const [[path], [place]] = [await pathsOf(root, list), await pathsOf(root, folder)];
          return open(path!, place!);
        },
      },
    },
  });
  const shards: Layout<Source> = {
    name: "tar shards of CLIP_benchmark",
    parts: {
      test: {
        files: ["test/nshards.txt", "test/*.tar"],
        samples: images,
        open: (root) => captionShards(join(root, "test")),
      },
    },
  };
  const rows = Object.entries(paper).map(([metric, values]): PaperRow => {
    const name = metric as keyof typeof paper;
    const direction = name.startsWith("text") ? "TR" : "IR";
    const title = `${task.title} ${direction} ${name.slice(-3)}`;
    return { title, metrics: [name], values };
  });
  return {
    ...task,
    family: "multimodal",
    kind: "zero-shot retrieval",
    layouts: [...layouts.map(layoutOf), shards],
    protocols: {
      paper: {
        train: [],
        test: ["test"],
        note: "The paper does not name its split; Karpathy's is the usual one.",
      },
    },
    otherMetrics: ["text R@10", "image R@10"],
    paper: rows,
  };
}

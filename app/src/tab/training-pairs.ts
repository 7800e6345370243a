/** Files of a folder as pairs of images and texts. */
import type { TrainingRequest } from "../../../src/browser/training-messages.js";
import { isImageFile } from "../parts/image-file.js";

export type Pair = TrainingRequest["pairs"][number] & { readonly file: File };

/** What a folder has to train on. */
export interface Pairs {
  readonly pairs: readonly Pair[];
  /** Paths of files that are neither images nor texts of images. */
  readonly others: readonly string[];
}

/**
 * The images among some files. The texts of "cat.png" are the lines of "cat.txt" beside it; where there is no such file, or
 * it has no text, the name itself: "red-heart_2.png" is "red heart". In the order of their paths.
 */
export async function pairsOf(files: readonly File[]): Promise<Pairs> {
  const captions = new Map(
    files.filter(({ name }) => name.endsWith(".txt")).map((file) => [stemOf(file), file]),
  );
  const images = files.filter(isImageFile).sort((a, b) => (stemOf(a) < stemOf(b) ? -1 : 1)); // browsers list folders in any order
  const stems = new Set(images.map(stemOf));
  const isUsed = (file: File): boolean =>
    isImageFile(file) || (file.name.endsWith(".txt") && stems.has(stemOf(file)));
  const others = files.filter((file) => !isUsed(file)).map(pathOf);
  const pairs = await Promise.all(
    images.map(async (file) => {
      const lines = (await captions.get(stemOf(file))?.text())?.split("\n") ?? [];
      const texts = lines.map((line) => line.trim()).filter((line) => line !== "");
      const { name } = file;
      return { name, file, texts: texts.length > 0 ? texts : [wordsOf(name)] };
    }),
  );
  return { pairs, others };
}

const withoutEnding = (name: string): string => name.replace(/\.\w+$/, "");

const pathOf = (file: File): string => file.webkitRelativePath || file.name;

const stemOf = (file: File): string => withoutEnding(pathOf(file));

const wordsOf = (name: string): string =>
  withoutEnding(name)
    .replaceAll(/[-_.]+/g, " ")
    .replace(/\s*\d+$/, "")
    .trim();

/** Embeds the images of a folder, those alone that are not known from earlier visits. */
import type { FolderFile, KeptVectors } from "./kept-vectors.js";
import type { TabModel } from "./model.js";

/** An image with its unit-length embedding. */
export interface EmbeddedImage extends FolderFile {
  readonly vector: Float32Array;
}

export interface FolderSession {
  readonly model: TabModel;
  readonly kept: KeptVectors | undefined;
  readonly signal: AbortSignal;
  /** Called with images as they are done, and whether they were known from an earlier visit. */
  readonly onEmbedded: (images: readonly EmbeddedImage[], isKept: boolean) => void;
  /** Called with files that the browser cannot decode. */
  readonly onDamaged: (files: readonly FolderFile[]) => void;
}

/** Images of a request to the worker. */
const batch = 8;
/** Requests at a time: files are read and decoded while others are computed. */
const concurrent = 2;

/** Ends early, and without an error, when the signal is aborted. */
export async function embedFolder(
  files: readonly FolderFile[],
  session: FolderSession,
): Promise<void> {
  const { model, kept, signal, onEmbedded } = session;
  const { fingerprint } = model.facts;
  const keeps = kept !== undefined && fingerprint !== undefined;
  const vectors = keeps ? await kept.find(fingerprint, files) : [];
  const known = files.flatMap((file, index) => {
    const vector = vectors[index];
    return vector ? [{ ...file, vector }] : [];
  });
  if (signal.aborted) return;
  if (known.length > 0) onEmbedded(known, true);
  const rest = files.filter((_, index) => !vectors[index]);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < rest.length && !signal.aborted) {
      const some = rest.slice(next, (next += batch));
      await embedSome(some, session);
    }
  };
  await Promise.all(Array.from({ length: concurrent }, work));
}

async function embedSome(files: readonly FolderFile[], session: FolderSession): Promise<void> {
  const { model, kept, signal, onEmbedded, onDamaged } = session;
  const { fingerprint } = model.facts;
  const vectors = await model.embedImages(files.map(({ file }) => file));
  const images = files.flatMap((file, index) => {
    const vector = vectors[index];
    return vector ? [{ ...file, vector }] : [];
  });
  if (kept && fingerprint !== undefined) {
    await Promise.all(images.map((image) => kept.keep(fingerprint, image, image.vector)));
  }
  if (signal.aborted) return;
  onEmbedded(images, false);
  onDamaged(files.filter((_, index) => !vectors[index]));
}

/** The images of a folder and their embeddings as part of rendering. */
import { useEffect, useRef, useState } from "preact/hooks";
import { isImageFile } from "../parts/image-file.js";
import { type EmbeddedImage, embedFolder } from "./embed-folder.js";
import { type FolderFile, KeptVectors } from "./kept-vectors.js";
import { StoppedError, type TabModel } from "./model.js";

export interface Folder {
  readonly isRunning: boolean;
  /** Number of images that were chosen. */
  readonly images: number;
  readonly embedded: readonly EmbeddedImage[];
  /** Number of these that were known from earlier visits. */
  readonly known: number;
  /** Paths of images that the browser cannot decode. */
  readonly damaged: readonly string[];
  /** Paths of files that are no images. */
  readonly others: readonly string[];
  /** Estimated seconds left; undefined until one can tell. */
  readonly secondsLeft?: number;
  readonly fault?: Error;
  /** Number of embeddings that the browser keeps, of all folders; undefined where it keeps none. */
  readonly kept?: number;
}

export interface FolderControls extends Folder {
  /** Takes other files, if there are any, in place of those before. */
  readonly start: (files: Promise<readonly FolderFile[]>) => void;
  /** Ends embedding; what was embedded can be searched. */
  readonly cancel: () => void;
  /** Embeds what a cancelled start has left. */
  readonly resume: () => void;
  /** Deletes what the browser keeps. */
  readonly forget: () => void;
}

const nothing = { images: 0, embedded: [], known: 0, damaged: [], others: [] };

/** @param model undefined until it is open: files that are chosen before wait for it */
export function useFolder(model: TabModel | undefined): FolderControls {
  const [folder, setFolder] = useState<Folder>({ ...nothing, isRunning: false });
  const [files, setFiles] = useState<readonly FolderFile[]>();
  const store = useStore((kept) => setFolder((before) => ({ ...before, kept })));
  const controller = useRef(new AbortController());
  useEffect(() => () => controller.current.abort(), []);
  const last = useRef<readonly FolderFile[]>([]);
  const begin = (chosen: readonly FolderFile[]): void => {
    if (chosen.length === 0) return;
    last.current = chosen;
    controller.current.abort();
    controller.current = new AbortController();
    const images = chosen.filter(({ file }) => isImageFile(file));
    const others = chosen.filter(({ file }) => !isImageFile(file)).map(({ path }) => path);
    setFolder(({ kept }) => ({
      ...{ ...nothing, isRunning: images.length > 0, images: images.length, others },
      ...(kept !== undefined && { kept }),
    }));
    setFiles(images);
  };
  useEffect(() => {
    if (files && files.length > 0 && model && !controller.current.signal.aborted) {
      void embed(files, model, store, controller.current, setFolder);
    }
  }, [files, model]);
  const cancel = (): void => {
    controller.current.abort();
    setFolder(({ secondsLeft: _, ...before }) => ({ ...before, isRunning: false }));
  };
  const start = (chosen: Promise<readonly FolderFile[]>): void => {
    chosen.then(begin).catch((error: unknown) => {
      setFolder((before) => ({ ...before, fault: error as Error }));
    });
  };
  const resume = (): void => begin(last.current);
  return { ...folder, start, cancel, resume, forget: store.forget };
}

type Change = (change: (before: Folder) => Folder) => void;

async function embed(
  files: readonly FolderFile[],
  model: TabModel,
  store: Store,
  controller: AbortController,
  change: Change,
): Promise<void> {
  const { signal } = controller;
  const end = (part: Partial<Folder>): void => {
    if (signal.aborted) return;
    change(({ secondsLeft: _, ...before }) => ({ ...before, ...part, isRunning: false }));
  };
  const began = performance.now();
  try {
    await embedFolder(files, {
      ...{ model, kept: await store.opening, signal },
      onEmbedded: (images, isKept) => change((before) => withImages(before, images, isKept, began)),
      onDamaged: (damaged) =>
        change((before) => ({
          ...before,
          damaged: [...before.damaged, ...damaged.map(({ path }) => path)],
        })),
    });
    end({});
  } catch (error) {
    end(error instanceof StoppedError ? {} : { fault: error as Error }); // the page says that of the model
  } finally {
    controller.abort(); // whatever else is under way; another model need not embed them again
    store.count();
  }
}

interface Store {
  readonly opening: Promise<KeptVectors | undefined>;
  readonly count: () => void;
  readonly forget: () => void;
}

/** The browser's store of embeddings. */
function useStore(onCount: (kept: number) => void): Store {
  const [opening] = useState(() => KeptVectors.open());
  const count = (): void => {
    void opening.then(async (kept) => kept && onCount(await kept.count()));
  };
  useEffect(count, []);
  const forget = (): void => {
    void opening.then((kept) => kept?.forget()).then(count);
  };
  return { opening, count, forget };
}

function withImages(
  before: Folder,
  images: readonly EmbeddedImage[],
  isKept: boolean,
  began: number,
): Folder {
  const embedded = [...before.embedded, ...images];
  const known = before.known + (isKept ? images.length : 0);
  const computed = embedded.length + before.damaged.length - known;
  const left = before.images - embedded.length - before.damaged.length;
  const seconds = (performance.now() - began) / 1000;
  return {
    ...{ ...before, embedded, known },
    ...(computed > 0 && { secondsLeft: (seconds / computed) * left }),
  };
}

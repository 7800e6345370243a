/** A training run that the browser keeps, in its database "flava-training", to go on with it at a later visit. */
import type { TrainingMessage } from "../../../src/browser/training-messages.js";
import { openDatabase, resultOf } from "./database.js";
import type { Pair } from "./training-pairs.js";

type Of<Kind> = Extract<TrainingMessage, { kind: Kind }>;

export interface KeptRun {
  readonly checkpoint: Of<"checkpoint">["checkpoint"];
  readonly entries: readonly Of<"entry">["entry"][];
  /** Fraction of the recipe's steps. */
  readonly share: number;
  /** What tells the images apart from those of other folders. */
  readonly images: string;
}

const store = "run";

/** Names, sizes, times and texts of images. */
export const describeImages = (pairs: readonly Pair[]): string =>
  JSON.stringify(
    pairs.map(({ name, file: { size, lastModified }, texts }) => [name, size, lastModified, texts]),
  );

/** The run that is kept; undefined if there is none, or the browser keeps nothing. */
export const keptRun = (): Promise<KeptRun | undefined> =>
  inStore("readonly", (objects) => objects.get(store) as IDBRequest<KeptRun | undefined>).catch(
    () => undefined,
  );

/** Keeps a run in place of the last one. Rejects where there is no space. */
export const keepRun = (run: KeptRun): Promise<unknown> =>
  inStore("readwrite", (objects) => objects.put(run, store));

export const forgetRun = (): Promise<unknown> =>
  inStore("readwrite", (objects) => objects.clear()).catch(() => undefined);

async function inStore<Result>(
  mode: IDBTransactionMode,
  request: (objects: IDBObjectStore) => IDBRequest<Result>,
): Promise<Result> {
  const database = await openDatabase("flava-training", store);
  try {
    return await resultOf(request(database.transaction(store, mode).objectStore(store)));
  } finally {
    database.close();
  }
}

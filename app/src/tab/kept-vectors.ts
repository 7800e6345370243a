/** Embeddings that the browser keeps between visits, in its database "flava". */
import { openDatabase, resultOf } from "./database.js";

const store = "vectors";

/** What an embedding depends on: the model, and the file by its path, size and time. */
type Key = [fingerprint: string, path: string, size: number, modified: number];

/** A file of a folder. */
export interface FolderFile {
  /** From the folder on, such as "holidays/2024/cat.jpg". */
  readonly path: string;
  readonly file: File;
}

export class KeptVectors {
  private constructor(private readonly database: IDBDatabase) {}

  /** Undefined where the browser keeps nothing, as some do in private windows. */
  static async open(): Promise<KeptVectors | undefined> {
    try {
      return new KeptVectors(await openDatabase("flava", store));
    } catch {
      return undefined;
    }
  }

  /** Those of files; undefined for files without one. */
  async find(
    fingerprint: string,
    files: readonly FolderFile[],
  ): Promise<(Float32Array | undefined)[]> {
    const objects = this.#objects("readonly");
    return Promise.all(
      files.map((file) =>
        resultOf(objects.get(keyOf(fingerprint, file)) as IDBRequest<Float32Array | undefined>),
      ),
    );
  }

  /** Keeps an embedding, if there is space. */
  async keep(fingerprint: string, file: FolderFile, vector: Float32Array): Promise<void> {
    const request = this.#objects("readwrite").put(vector, keyOf(fingerprint, file));
    await resultOf(request).catch(() => undefined); // it is computed again at the next visit
  }

  count(): Promise<number> {
    return resultOf(this.#objects("readonly").count());
  }

  /** Deletes all, of whatever model. */
  async forget(): Promise<void> {
    await resultOf(this.#objects("readwrite").clear());
  }

  #objects(mode: IDBTransactionMode): IDBObjectStore {
    return this.database.transaction(store, mode).objectStore(store);
  }
}

const keyOf = (fingerprint: string, { path, file: { size, lastModified } }: FolderFile): Key => [
  fingerprint,
  path,
  size,
  lastModified,
];

/** The folder of the sample that ships: small shards, credits, sizes. */
import { mkdir, readdir, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type ParquetColumn, type Sample, ShardWriter, writeParquet } from "flava/data";
import { shardName } from "../folders.js";
import { Credits } from "./credits.js";
import { smallImage } from "./image.js";
import { wordsIn } from "./texts.js";

/** Fields to keep: the JSON of a sample should fit into one block of the archive. */
const keptFields = ["set", "family", "concept", "license", "style", "color", "seen"] as const;

interface Counts {
  samples: number;
  words: number;
}

/** Pairs in a third of the bytes that a tar archive takes, as small files fill whole blocks there. */
const tableColumns = [
  { name: "image", type: "image" },
  { name: "texts", type: "texts" },
  { name: "set", type: "text" },
  { name: "license", type: "text" },
] as const satisfies readonly ParquetColumn[];

/** A written folder of shards, or a table. */
export interface WrittenFolder extends Readonly<Counts> {
  /** Such as "pairs/icons/train", or "pairs/icons.parquet". */
  readonly folder: string;
  readonly bytes: number;
}

/** Every sample has it. */
const licensesName = "LICENSES.md";

export class SampleFolder {
  readonly #writers = new Map<string, ShardWriter>();
  readonly #tables = new Map<string, Record<string, unknown>[]>();
  readonly #written = new Map<string, Counts>();
  readonly #credits = new Credits();

  constructor(private readonly out: string) {}

  /**
   * Clears the folder.
   * @throws RangeError if it holds other files than an earlier sample
   */
  async begin(): Promise<void> {
    const found = await readdir(this.out).catch((): string[] => []);
    if (found.length > 0 && !found.includes(licensesName)) {
      throw new RangeError(
        `${this.out} holds other files, such as ${found[0]}. Name a new folder, or an earlier sample.`,
      );
    }
    await rm(this.out, { recursive: true, force: true });
    await mkdir(this.out, { recursive: true });
  }

  /** Appends a sample, with a small image, to the shards of a folder such as "pairs/icons/train". */
  async add(folder: string, sample: Sample): Promise<void> {
    const { key, image, texts, label, fields } = sample;
    let writer = this.#writers.get(folder);
    if (!writer) {
      writer = new ShardWriter(join(this.out, folder), { name: shardName(folder) });
      this.#writers.set(folder, writer);
    }
    const described = texts.length > 0 || label !== undefined;
    const kept = keptFields.filter((name) => described && fields[name] !== undefined);
    await writer.add({
      key,
      texts,
      ...(image && { image: await smallImage(image) }),
      ...(label !== undefined && { label }),
      fields: Object.fromEntries(kept.map((name) => [name, fields[name]])),
    });
    this.#count(folder, sample);
  }

  /** Appends a pair, with a small image, to a table such as "pairs/icons.parquet". */
  async addToTable(path: string, pair: Sample & { readonly image: Uint8Array }): Promise<void> {
    const { set, license } = pair.fields;
    const rows = this.#tables.get(path) ?? [];
    this.#tables.set(path, rows);
    rows.push({ image: await smallImage(pair.image), texts: pair.texts, set, license });
    this.#count(path, pair);
  }

  #count(path: string, { texts, fields: { set, license, author } }: Sample): void {
    this.#credits.add(
      String(set),
      String(license),
      typeof author === "string" ? author : undefined,
    );
    const written = this.#written.get(path) ?? { samples: 0, words: 0 };
    this.#written.set(path, written);
    written.samples++;
    written.words += wordsIn(texts);
  }

  async write(path: string, text: string): Promise<void> {
    await mkdir(dirname(join(this.out, path)), { recursive: true });
    await writeFile(join(this.out, path), text);
  }

  /** Completes shards and tables, and writes LICENSES.md. */
  async finish(intro: string): Promise<WrittenFolder[]> {
    await this.write(licensesName, this.#credits.markdown(intro));
    const folders: WrittenFolder[] = [];
    for (const [folder, writer] of this.#writers) {
      await writer.close();
      const shard = join(this.out, folder, `${shardName(folder)}-00000.tar`);
      const { size: bytes } = await stat(shard);
      folders.push({ folder, ...this.#written.get(folder)!, bytes });
    }
    for (const [path, rows] of this.#tables) {
      const table = join(this.out, path);
      await mkdir(dirname(table), { recursive: true });
      await writeParquet(table, tableColumns, rows);
      folders.push({ folder: path, ...this.#written.get(path)!, bytes: (await stat(table)).size });
    }
    return folders;
  }
}

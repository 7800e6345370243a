/** The folder of one evaluation set: shards, files beside them, and README.json that tells what it is. */
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Sample, ShardWriter } from "flava/data";

/** What has to be known to read numbers on the set. */
interface SetDescription {
  /** What is asked. */
  readonly task: string;
  readonly kind:
    | "zero-shot"
    | "retrieval"
    | "linear probe"
    | "picture questions"
    | "visual entailment"
    | "memes";
  /** Where images and words are from. */
  readonly source: string;
  readonly splitRule: string;
  /** Whether labels or questions were made by a program rather than by people. */
  readonly synthetic: boolean;
  /** Accuracies, from 0 to 1, that need no image, or no text: "chance", "question only" ... */
  readonly baselines: Readonly<Record<string, number>>;
  /** Further counts, such as of classes. */
  readonly counts?: Readonly<Record<string, number>>;
  readonly notes?: readonly string[];
}

export interface SetReport extends SetDescription {
  readonly name: string;
  /** Samples by part; the part of a set without parts is "test" or "validation". */
  readonly samples: Readonly<Record<string, number>>;
  /** Images by license. */
  readonly licenses: Readonly<Record<string, number>>;
  readonly authors: readonly string[];
}

/** Written beside the final place, and put there at once by `finish`. */
export class SetFolder {
  readonly #fresh: string;
  readonly #writers = new Map<string, ShardWriter>();
  readonly #samples = new Map<string, number>();
  readonly #licenses = new Map<string, number>();
  readonly #authors = new Set<string>();

  private constructor(
    private readonly directory: string,
    readonly name: string,
  ) {
    this.#fresh = join(directory, `.building-${name}`);
  }

  /** Begins the set `directory/<name>`; what an interrupted run has left goes. */
  static async begin(directory: string, name: string): Promise<SetFolder> {
    const folder = new SetFolder(directory, name);
    await rm(folder.#fresh, { recursive: true, force: true });
    await mkdir(folder.#fresh, { recursive: true });
    return folder;
  }

  /**
   * Appends a sample to the shards of a part.
   * @param part a folder of its own, such as "train"; "." for the set's own folder
   */
  async add(sample: Sample, part = "."): Promise<void> {
    let writer = this.#writers.get(part);
    if (!writer) {
      const name = part === "." ? this.name : `${this.name}-${part}`;
      writer = new ShardWriter(join(this.#fresh, part), { name });
      this.#writers.set(part, writer);
    }
    await writer.add(sample);
    this.#samples.set(part, (this.#samples.get(part) ?? 0) + 1);
    const { license, author } = sample.fields;
    if (typeof license === "string")
      this.#licenses.set(license, (this.#licenses.get(license) ?? 0) + 1);
    if (typeof author === "string") this.#authors.add(author);
  }

  /** Writes a file beside the shards; anything but a string becomes JSON. */
  async write(path: string, content: unknown): Promise<void> {
    const text =
      typeof content === "string" ? content : `${JSON.stringify(content, undefined, 1)}\n`;
    await mkdir(dirname(join(this.#fresh, path)), { recursive: true });
    await writeFile(join(this.#fresh, path), text);
  }

  /** Describes the set and puts it in its place; without samples it is not there afterwards, and undefined is given. */
  async finish(
    description: SetDescription,
    own = "test",
    samples = Object.fromEntries(
      [...this.#samples].map(([part, count]) => [part === "." ? own : part, count]),
    ),
  ): Promise<SetReport | undefined> {
    for (const writer of this.#writers.values()) await writer.close();
    const report: SetReport = {
      name: this.name,
      ...description,
      samples,
      licenses: Object.fromEntries([...this.#licenses].sort(([a], [b]) => a.localeCompare(b))),
      authors: [...this.#authors].sort(),
    };
    await this.write("README.json", report);
    const place = join(this.directory, this.name);
    await rm(place, { recursive: true, force: true });
    if (this.#samples.size === 0) {
      await rm(this.#fresh, { recursive: true, force: true });
      return undefined;
    }
    await rename(this.#fresh, place);
    return report;
  }
}

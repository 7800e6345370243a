/** The folders written by one step of a build: first beside the final ones, then in their place when all is done. */
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Sample, ShardWriter } from "flava/data";

/** "pairs/icons/train" has shards "icons-train". */
export const shardName = (folder: string): string => folder.split("/").slice(1).join("-");

export class StepFolders {
  readonly #writers = new Map<string, ShardWriter>();
  readonly #fresh: string;

  constructor(
    private readonly cache: string,
    step: string,
    private readonly samplesPerShard: number,
  ) {
    this.#fresh = join(cache, ".building", step);
  }

  /** Removes the files of an interrupted run. */
  async begin(): Promise<void> {
    await rm(this.#fresh, { recursive: true, force: true });
  }

  /** Appends to the shards of a folder such as "pairs/icons/train". */
  async add(folder: string, sample: Sample): Promise<void> {
    let writer = this.#writers.get(folder);
    if (!writer) {
      writer = new ShardWriter(join(this.#fresh, folder), {
        name: shardName(folder),
        samplesPerShard: this.samplesPerShard,
      });
      this.#writers.set(folder, writer);
    }
    await writer.add(sample);
  }

  /**
   * Completes all shards and moves them into the place of former ones.
   * @param former folders written by an earlier run of the step: those that it no longer writes are removed
   */
  async finish(former: readonly string[] = []): Promise<void> {
    for (const folder of former) {
      if (!this.#writers.has(folder))
        await rm(join(this.cache, folder), { recursive: true, force: true });
    }
    for (const [folder, writer] of this.#writers) {
      await writer.close();
      const place = join(this.cache, folder);
      await mkdir(dirname(place), { recursive: true });
      const old = `${this.#fresh}-old`;
      await rm(old, { recursive: true, force: true });
      await rename(place, old).catch(() => undefined);
      await rename(join(this.#fresh, folder), place);
      await rm(old, { recursive: true, force: true });
    }
    await rm(this.#fresh, { recursive: true, force: true });
    const building = dirname(this.#fresh);
    if ((await readdir(building).catch(() => [""])).length === 0)
      await rm(building, { recursive: true });
  }
}

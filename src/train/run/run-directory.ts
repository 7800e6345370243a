/** The files of a run: its provenance, checkpoints, log and models. */
import { mkdir, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { State } from "../../backend/state.js";
import { exists } from "../../base/exists.js";
import { writeDurably } from "../../base/write-durably.js";
import type { MixtureCursor } from "../../data/batch/mixture.js";
import type { Provenance } from "./provenance.js";
import { readState, writeState } from "./run-state.js";

/** The best evaluation so far; plain JSON. */
export interface BestModel {
  /** Steps done. */
  readonly step: number;
  readonly measure: string;
  readonly value: number;
  /** Decides between models of the same value. */
  readonly loss?: number;
}

/** The progress of a run, stored next to its tensors. Plain JSON. */
export interface Progress {
  /** Steps done. */
  readonly step: number;
  readonly cursor: MixtureCursor;
  readonly best?: BestModel;
  /** Seconds of training so far, all sessions together. */
  readonly seconds: number;
}

/** The content of `run.json`: the provenance of the run. */
export interface RunFacts extends Provenance {
  /** Steps of the whole stage. */
  readonly steps: number;
  /** The losses by name, each with its baseline, or null if it has none. */
  readonly losses: Readonly<Record<string, number | null>>;
  /** The baselines of validation accuracies by name. */
  readonly accuracies?: Readonly<Record<string, number>>;
}

const stateName = "state.safetensors";
const progressName = "progress.json";
/** Holds the facts of a run. */
export const factsName = "run.json";
/** Images above their reconstructions, drawn by stages that train a codebook. */
export const reconstructionsName = "reconstructions.png";
const modelNames = ["best", "final"] as const;
/** A model of a run. */
type ModelName = (typeof modelNames)[number];
/** Checkpoints to keep: the last two. */
export const checkpointsKept = 2;

/**
 * A directory with `run.json` (the provenance), `log.jsonl`, `checkpoints/NNNNNNN/`, `best/` and `final/`. Each appears
 * under its name once complete, so a kill at any moment leaves the previous one intact; see `recover`.
 */
export class RunDirectory {
  /** @param isWriter whether this process writes the files; the others of a run only read them */
  constructor(
    readonly path: string,
    readonly isWriter = true,
  ) {}

  file(...names: string[]): string {
    return join(this.path, ...names);
  }

  async create(): Promise<void> {
    await mkdir(this.file("checkpoints"), { recursive: true });
  }

  /** Steps of the complete checkpoints, oldest first. */
  async checkpoints(): Promise<number[]> {
    const names = await readdir(this.file("checkpoints")).catch(() => []);
    return names
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .sort((a, b) => a - b);
  }

  /** All processes call it together. */
  async save(state: State, progress: Progress): Promise<void> {
    if (!this.isWriter) return state.readTogether(undefined);
    const name = String(progress.step).padStart(7, "0");
    const target = this.file("checkpoints", name);
    const partial = this.file("checkpoints", `${name}.partial`);
    await this.create();
    await this.#prune(); // the remains of a failed save may be what fills the disk
    await mkdir(partial);
    await state.readTogether(() => writeState(join(partial, stateName), state));
    await writeDurably(join(partial, progressName), JSON.stringify(progress));
    await rm(target, { recursive: true, force: true });
    await rename(partial, target);
    await this.#prune();
  }

  /** Reads the last checkpoint into `state`; undefined if there is none. */
  async resume(state: State): Promise<Progress | undefined> {
    const last = (await this.checkpoints()).at(-1);
    if (last === undefined) return undefined;
    const directory = this.file("checkpoints", String(last).padStart(7, "0"));
    const progress = JSON.parse(await readFile(join(directory, progressName), "utf8")) as Progress;
    await readState(join(directory, stateName), state);
    return progress;
  }

  /**
   * Replaces a model with the one that `write` writes. All processes call it together.
   *
   * @param write called on all of them, with a directory on the one that writes
   */
  async replace(
    name: ModelName,
    write: (directory: string | undefined) => Promise<void>,
  ): Promise<void> {
    if (!this.isWriter) return write(undefined);
    const { directory, partial, old } = this.#places(name);
    await this.recover();
    await write(partial);
    if (await exists(directory)) await rename(directory, old);
    await rename(partial, directory);
    await rm(old, { recursive: true, force: true });
  }

  /**
   * Cleans up after a kill within `replace`: between its two renames, neither the old model nor the new one has its
   * name, and the old one gets it back. Call this before looking for a model.
   */
  async recover(): Promise<void> {
    if (!this.isWriter) return;
    for (const name of modelNames) {
      const { directory, partial, old } = this.#places(name);
      if ((await exists(old)) && !(await exists(directory))) await rename(old, directory);
      await rm(old, { recursive: true, force: true });
      await rm(partial, { recursive: true, force: true });
    }
  }

  async writeFacts(facts: RunFacts): Promise<void> {
    if (!this.isWriter) return;
    await this.create();
    await writeFile(this.file(factsName), `${JSON.stringify(facts, undefined, 2)}\n`);
  }

  /** Undefined if the run has not started. */
  async readFacts(): Promise<RunFacts | undefined> {
    const text = await readFile(this.file(factsName), "utf8").catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as RunFacts);
  }

  #places(name: ModelName): Record<"directory" | "partial" | "old", string> {
    const directory = this.file(name);
    return { directory, partial: `${directory}.partial`, old: `${directory}.old` };
  }

  async #prune(): Promise<void> {
    const names = await readdir(this.file("checkpoints"));
    const current = new Set((await this.checkpoints()).slice(-checkpointsKept));
    for (const name of names) {
      const isCurrent = /^\d+$/.test(name) && current.has(Number(name));
      if (!isCurrent) await rm(this.file("checkpoints", name), { recursive: true, force: true });
    }
  }
}

/** The files of a run: its provenance, checkpoints, log and models. */
import { mkdir, open, readFile, readdir, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { State } from "../../backend/state.js";
import type { MixtureCursor } from "../../data/batch/mixture.js";
import type { Provenance } from "./provenance.js";
import { readState, writeState } from "./run-state.js";

/** The progress of a run, stored next to its tensors. Plain JSON. */
export interface Progress {
  /** Steps done. */
  readonly step: number;
  readonly cursor: MixtureCursor;
  /** The best evaluation so far. */
  readonly best?: { readonly step: number; readonly measure: string; readonly value: number };
  /** Seconds of training so far, all sessions together. */
  readonly seconds: number;
}

/** The content of `run.json`: the provenance of the run. */
export interface RunFacts extends Provenance {
  /** The losses by name, each with its value before training, or null if unknown. */
  readonly losses: Readonly<Record<string, number | null>>;
}

const stateName = "state.safetensors";
const progressName = "progress.json";
const factsName = "run.json";
/** Checkpoints to keep: the last two. */
const kept = 2;

/**
 * A directory with `run.json` (the provenance), `log.jsonl`, `checkpoints/NNNNNNN/`, `best/` and `final/`. A
 * checkpoint appears under its name once complete, so a kill at any moment leaves the previous one intact.
 */
export class RunDirectory {
  constructor(readonly path: string) {}

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

  async save(state: State, progress: Progress): Promise<void> {
    const name = String(progress.step).padStart(7, "0");
    const target = this.file("checkpoints", name);
    const partial = this.file("checkpoints", `${name}.partial`);
    await this.create();
    await this.#prune(); // the remains of a failed save may be what fills the disk
    await mkdir(partial);
    await writeState(join(partial, stateName), state);
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

  /** Replaces directory `name` with what `write` writes. */
  async replace(name: string, write: (directory: string) => Promise<void>): Promise<void> {
    const [partial, old] = [this.file(`${name}.partial`), this.file(`${name}.old`)];
    await rm(partial, { recursive: true, force: true });
    await write(partial);
    await rm(old, { recursive: true, force: true });
    await rename(this.file(name), old).catch(() => undefined); // does not exist at first
    await rename(partial, this.file(name));
    await rm(old, { recursive: true, force: true });
  }

  async writeFacts(facts: RunFacts): Promise<void> {
    await this.create();
    await writeFile(this.file(factsName), `${JSON.stringify(facts, undefined, 2)}\n`);
  }

  /** Undefined if the run has not started. */
  async readFacts(): Promise<RunFacts | undefined> {
    const text = await readFile(this.file(factsName), "utf8").catch(() => undefined);
    return text === undefined ? undefined : (JSON.parse(text) as RunFacts);
  }

  async #prune(): Promise<void> {
    const names = await readdir(this.file("checkpoints"));
    const current = new Set((await this.checkpoints()).slice(-kept));
    for (const name of names) {
      const isCurrent = /^\d+$/.test(name) && current.has(Number(name));
      if (!isCurrent) await rm(this.file("checkpoints", name), { recursive: true, force: true });
    }
  }
}

async function writeDurably(path: string, text: string): Promise<void> {
  const file = await open(path, "w");
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
}

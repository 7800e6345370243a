/** The log of a run: a file of JSON lines, and TensorBoard events. */
import { appendFile, readFile } from "node:fs/promises";
import { replaceFile } from "../../base/replace-file.js";
import type { RunDirectory } from "./run-directory.js";
import type { Scalars } from "../stages/stage.js";
import { EventFile } from "./tensorboard.js";

/** A line of `log.jsonl`. */
export interface LogEntry {
  /** Steps done. */
  readonly step: number;
  /** Seconds of training, all sessions together. */
  readonly seconds: number;
  readonly kind: "training" | "evaluation";
  /** By name, such as "contrastive"; losses are in nats. */
  readonly scalars: Scalars;
}

export const logName = "log.jsonl";

export class RunLog {
  readonly #events: EventFile;

  private constructor(
    private readonly run: RunDirectory,
    private readonly onEntry?: (entry: LogEntry) => void,
  ) {
    this.#events = new EventFile(run.path);
  }

  /** Opens the log of a run that resumes after `step`, without entries of what will be repeated: all if it starts anew. */
  static async open(
    run: RunDirectory,
    step: number,
    onEntry?: (entry: LogEntry) => void,
  ): Promise<RunLog> {
    if (run.isWriter) {
      const before = (await readLog(run)).filter((entry) => step > 0 && entry.step <= step);
      const lines = before.map((entry) => `${JSON.stringify(entry)}\n`);
      await replaceFile(run.file(logName), lines.join(""));
    }
    return new RunLog(run, onEntry);
  }

  async add(entry: LogEntry): Promise<void> {
    if (!this.run.isWriter) return;
    await appendFile(this.run.file(logName), `${JSON.stringify(entry)}\n`);
    const tags = Object.entries(entry.scalars).map(([name, value]) => [
      `${entry.kind}/${name}`,
      value,
    ]);
    this.#events.add(entry.step, Object.fromEntries(tags) as Scalars);
    await this.#events.flush();
    this.onEntry?.(entry);
  }
}

/** All lines of a run's log, except a last line that was cut off by a kill. */
export async function readLog(run: RunDirectory): Promise<LogEntry[]> {
  const text = await readFile(run.file(logName), "utf8").catch(() => "");
  return text.split("\n").flatMap((line) => {
    try {
      return [JSON.parse(line, numberFrom) as LogEntry];
    } catch {
      return [];
    }
  });
}

/** JSON has no other numbers than finite ones, and null for them. */
const numberFrom = (_name: string, value: unknown): unknown => value ?? NaN;

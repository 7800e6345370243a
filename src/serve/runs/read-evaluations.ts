/** Evaluations below a directory: the reports that `flava evaluate --out` and `flava ablate` write. */
import { readFile, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { reportName } from "../../report/evaluation-record.js";
import { ApiError } from "../http/api-error.js";
import type { EvaluationResponse, EvaluationsResponse } from "../schemas/evaluations.js";
import { evaluationResponse } from "../schemas/evaluations.js";
import { directoriesWith } from "./find-files.js";

export class Evaluations {
  readonly #root: string;

  constructor(root: string) {
    this.#root = resolve(root);
  }

  /** All evaluations, the last one first. */
  async list(): Promise<EvaluationsResponse["data"]> {
    const paths = await directoriesWith(reportName, this.#root);
    const found = await Promise.all(
      paths.map(async (path) => {
        const { mtime } = await stat(join(this.#root, path, reportName));
        return { name: this.#nameOf(path), writtenAt: mtime.toISOString() };
      }),
    );
    return found.sort((a, b) => b.writtenAt.localeCompare(a.writtenAt));
  }

  /**
   * The report of an evaluation; undefined if there is none of this name.
   * @throws ApiError 422 if the file is not a report
   */
  async read(name: string): Promise<EvaluationResponse | undefined> {
    const paths = await directoriesWith(reportName, this.#root);
    const path = paths.find((one) => this.#nameOf(one) === name);
    if (path === undefined) return undefined;
    const text = await readFile(join(this.#root, path, reportName), "utf8");
    const parsed = evaluationResponse.safeParse(parse(text));
    if (parsed.success) return parsed.data;
    throw new ApiError(
      422,
      `${name}/${reportName} is not a report of flava evaluate --out or flava ablate: write it again.`,
    );
  }

  #nameOf(path: string): string {
    return path === "." ? basename(this.#root) : path;
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The model that computes in this tab: a worker has it, so that pages stay responsive. */
import type {
  ModelAnswer,
  ModelMessage,
  ModelRequest,
  OpenModel,
  OpenedModel,
} from "../../../src/browser/model-messages.js";

export type Ranking = Extract<ModelAnswer, { kind: "ranking" }>["ranking"];

type Work<Request = ModelRequest> = Request extends unknown ? Omit<Request, "id"> : never;

interface Waiting {
  readonly resolve: (answer: ModelAnswer) => void;
  readonly reject: (error: Error) => void;
}

/** The model has stopped, and must be opened again. */
export class StoppedError extends Error {}

interface OpenOptions {
  /** Called while the weights arrive, with bytes so far and in all (0 if the server does not say). */
  readonly onBytes: (loaded: number, total: number) => void;
  /** Called once if the model stops after it was opened. */
  readonly onStop: (fault: StoppedError) => void;
}

export class TabModel {
  readonly #waiting = new Map<number, Waiting>();
  #last = 0;
  #fault: StoppedError | undefined;

  private constructor(
    private readonly worker: Worker,
    /** What computes, and what identifies the model. */
    readonly facts: OpenedModel,
    private readonly onStop: OpenOptions["onStop"],
  ) {
    worker.onmessage = ({ data }: MessageEvent<ModelMessage>) => this.#settle(data);
    worker.onmessageerror = () => this.#stop("an answer of its worker cannot be read.");
    worker.onerror = ({ message }) => this.#stop(message);
  }

  /** Opens the model beside this page. */
  static open({ onBytes, onStop }: OpenOptions): Promise<TabModel> {
    const worker = new Worker(
      new URL("../../../dist/src/browser/model-worker.js", import.meta.url), // Vite bundles what it finds in this form
      { type: "module" },
    );
    return new Promise((resolve, reject) => {
      const fail = (message: string): void => {
        worker.terminate();
        const hint = "docs/browser.md says which models a page can have.";
        reject(new Error(`The model cannot be loaded: ${message} ${hint}`));
      };
      worker.onerror = ({ message }) => fail(message);
      worker.onmessage = ({ data }: MessageEvent<ModelMessage>) => {
        if (data.kind === "progress") onBytes(data.loaded, data.total);
        if (data.kind === "failed") fail(data.message);
        if (data.kind === "opened") resolve(new TabModel(worker, data.model, onStop));
      };
      const url = new URL("model/", document.baseURI).href;
      worker.postMessage({ kind: "open", url } satisfies OpenModel);
    });
  }

  /** The unit-length embedding of a text. */
  async embedText(text: string): Promise<Float32Array> {
    const answer = await this.#ask({ kind: "texts", texts: [text] });
    return vectorsOf(answer)[0]!;
  }

  /** The unit-length embeddings of image files; undefined for those that the browser cannot decode. */
  async embedImages(images: readonly Blob[]): Promise<readonly (Float32Array | undefined)[]> {
    return vectorsOf(await this.#ask({ kind: "images", images }));
  }

  /** The labels with their probabilities, best first. */
  async classify(image: Blob, labels: readonly string[]): Promise<Ranking> {
    const answer = await this.#ask({ kind: "classify", image, labels });
    if (answer.kind !== "ranking") throw new TypeError(`Expected a ranking, not ${answer.kind}.`);
    return answer.ranking;
  }

  #ask(work: Work): Promise<ModelAnswer> {
    if (this.#fault) return Promise.reject(this.#fault);
    const id = ++this.#last;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.worker.postMessage({ ...work, id } satisfies ModelRequest);
    });
  }

  #settle(message: ModelMessage): void {
    if (message.kind === "failed") this.#stop(message.message);
    if (message.kind !== "answer" && message.kind !== "refusal") return;
    const { id } = message;
    const waiting = this.#waiting.get(id)!;
    this.#waiting.delete(id);
    if (message.kind === "answer") waiting.resolve(message.answer);
    else waiting.reject(new Error(message.message));
  }

  /** Answers all calls, and those to come, by the reason why there is no model any more. */
  #stop(reason: string): void {
    if (this.#fault) return;
    this.#fault = new StoppedError(`The model in this tab has stopped: ${reason}`);
    this.worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(this.#fault);
    this.#waiting.clear();
    this.onStop(this.#fault);
  }
}

function vectorsOf(answer: ModelAnswer): readonly (Float32Array | undefined)[] {
  if (answer.kind === "vectors") return answer.vectors;
  throw new TypeError(`Expected vectors, not a ${answer.kind}.`);
}

/** Training in a worker of this tab, which goes on while other pages are shown. */
import { useEffect, useState } from "preact/hooks";
import type {
  PauseTraining,
  TrainingMessage,
  TrainingRequest,
} from "../../../src/browser/training-messages.js";
import vocabularyUrl from "../../../vocabulary/vocab.txt?url";
import { type KeptRun, describeImages, forgetRun, keepRun, keptRun } from "./kept-run.js";
import type { Pair } from "./training-pairs.js";

type Of<Kind> = Extract<TrainingMessage, { kind: Kind }>;

export interface Training {
  readonly isRunning: boolean;
  /** Whether it runs until it has a checkpoint. */
  readonly isPausing: boolean;
  /** What computes. */
  readonly backend?: Of<"backend">["backend"];
  /** Names of images that could not be decoded. */
  readonly damaged: readonly string[];
  /** What the images and texts lose, in words. */
  readonly notices: readonly string[];
  /** Number of images that are not trained on. */
  readonly heldOut: number;
  readonly entries: KeptRun["entries"];
  readonly files?: Of<"finished">["files"];
  readonly fault?: Error | undefined;
  /** The run to go on with, if there is one. */
  readonly kept?: KeptRun | undefined;
  /** Whether the browser had no space for the last checkpoint. */
  readonly isUnkept: boolean;
}

const nothing: Training = {
  ...{ isRunning: false, isPausing: false, isUnkept: false },
  ...{ damaged: [], notices: [], heldOut: 0, entries: [] },
};

type Report = (part: Partial<Training>) => void;

const ended = { isRunning: false, isPausing: false };

export interface TrainingControls extends Training {
  /** Begins anew, with a fraction of the recipe's steps. */
  readonly start: (pairs: readonly Pair[], share: number) => void;
  /** Goes on with the kept run, on the images that it was begun with. */
  readonly resume: (pairs: readonly Pair[]) => void;
  /** Keeps the run, and ends it for now. */
  readonly pause: () => void;
  /** Takes back why the last run failed: other images were chosen since. */
  readonly dismiss: () => void;
  /** Ends training; what was learned is lost. */
  readonly stop: () => void;
}

let training = nothing;
let running: Worker | undefined;
const listeners = new Set<(training: Training) => void>();

const update: Report = (part) => {
  training = { ...training, ...part };
  for (const listener of listeners) listener(training);
};

/** Makes the browser ask before the tab is closed or loaded again. */
const ask = (event: Event): void => event.preventDefault();

function end(): void {
  running?.terminate();
  running = undefined;
  removeEventListener("beforeunload", ask);
}

function begin(pairs: readonly Pair[], share: number, from?: KeptRun): void {
  end();
  training = { ...nothing, entries: from?.entries ?? [] };
  update({ isRunning: true });
  addEventListener("beforeunload", ask);
  const worker = trainingWorker(pairs, share, from, (part) => {
    if (worker !== running) return; // of a run that was stopped
    if (part.isRunning === false) end();
    update(part);
  });
  running = worker;
}

export function useTraining(): TrainingControls {
  const [shown, setShown] = useState(training);
  useEffect(() => {
    listeners.add(setShown);
    setShown(training); // which may have changed since it was rendered
    void keptRun().then((kept) => training.isRunning || update({ kept }));
    return () => {
      listeners.delete(setShown);
    };
  }, []);
  return {
    ...shown,
    start: begin,
    resume: (pairs) => {
      const { kept } = training;
      if (kept) begin(pairs, kept.share, kept);
    },
    pause: () => {
      update({ isPausing: true });
      running?.postMessage({ kind: "pause" } satisfies PauseTraining);
    },
    dismiss: () => update({ fault: undefined }),
    stop: () => {
      end();
      void forgetRun();
      update({ ...ended, kept: undefined });
    },
  };
}

/** Starts a worker, and reports what changes. */
function trainingWorker(
  pairs: readonly Pair[],
  share: number,
  from: KeptRun | undefined,
  report: Report,
): Worker {
  const worker = new Worker(
    new URL("../../../dist/src/browser/training-worker.js", import.meta.url), // Vite bundles what it finds in this form
    { type: "module" },
  );
  const images = describeImages(pairs);
  const follow = followed({ entries: from?.entries ?? [], share, images }, from, report);
  worker.onerror = ({ message }) =>
    follow({ kind: "failed", message: `Training in this tab has stopped: ${message}` });
  worker.onmessage = ({ data }: MessageEvent<TrainingMessage>) => follow(data);
  vocabulary().then(
    (text) =>
      worker.postMessage({
        ...{ kind: "train", pairs, vocabulary: text, share },
        ...(from && { checkpoint: from.checkpoint }),
      } satisfies TrainingRequest),
    (error: unknown) => follow({ kind: "failed", message: (error as Error).message }),
  );
  return worker;
}

/** What each message of a worker changes, and keeping the run. */
function followed(
  run: Omit<KeptRun, "checkpoint">,
  from: KeptRun | undefined,
  report: Report,
): (message: TrainingMessage) => void {
  let { entries } = run;
  let notices: readonly string[] = [];
  let kept = from; // also where it is paused before its next step
  let keeping = Promise.resolve();
  return (message) => {
    switch (message.kind) {
      case "backend":
        report({ backend: message.backend });
        break;
      case "read":
        report({ damaged: message.damaged, heldOut: message.heldOut });
        break;
      case "notice":
        notices = [...notices, message.line];
        report({ notices });
        break;
      case "entry":
        entries = [...entries, message.entry];
        report({ entries });
        break;
      case "checkpoint":
        kept = { ...run, entries, checkpoint: message.checkpoint };
        keeping = keepRun(kept).then(
          () => report({ isUnkept: false }),
          () => report({ isUnkept: true }),
        );
        break;
      case "paused":
        void keeping.then(() => report({ ...ended, kept }));
        break;
      case "finished":
        void forgetRun();
        report({ ...ended, files: message.files });
        break;
      case "failed": {
        const fault = new Error(message.message);
        void keeping.then(keptRun).then((last) => report({ ...ended, fault, kept: last }));
        break;
      }
    }
  };
}

async function vocabulary(): Promise<string> {
  const response = await fetch(vocabularyUrl);
  if (response.ok) return response.text();
  throw new Error(`The vocabulary cannot be loaded: ${response.status} ${response.statusText}.`);
}

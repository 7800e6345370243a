/** Training in a worker of this page. */
import { useEffect, useRef, useState } from "preact/hooks";
import type { TrainingMessage, TrainingRequest } from "../../../src/browser/training-messages.js";
import vocabularyUrl from "../../../vocabulary/vocab.txt?url";
import type { Pair } from "./training-pairs.js";

type Entry = Extract<TrainingMessage, { kind: "entry" }>["entry"];
type Files = Extract<TrainingMessage, { kind: "finished" }>["files"];

export interface Training {
  readonly isRunning: boolean;
  /** Names of images that could not be decoded. */
  readonly damaged: readonly string[];
  readonly entries: readonly Entry[];
  readonly files?: Files;
  readonly fault?: Error;
}

const nothing: Training = { isRunning: false, damaged: [], entries: [] };

interface TrainingControls extends Training {
  /** Begins anew, with a fraction of the recipe's steps. */
  readonly start: (pairs: readonly Pair[], share: number) => void;
  /** Ends training; what was learned is lost. */
  readonly stop: () => void;
}

export function useTraining(): TrainingControls {
  const [training, setTraining] = useState(nothing);
  const worker = useRef<Worker>(undefined);
  const end = (): void => {
    worker.current?.terminate();
    worker.current = undefined;
  };
  useEffect(() => end, []);
  const fail = (fault: Error): void => {
    end();
    setTraining((before) => ({ ...before, isRunning: false, fault }));
  };
  const start = (pairs: readonly Pair[], share: number): void => {
    end();
    setTraining({ ...nothing, isRunning: true });
    const own = new Worker(
      new URL("../../../dist/src/browser/training-worker.js", import.meta.url), // Vite bundles what it finds in this form
      { type: "module" },
    );
    worker.current = own;
    own.onerror = ({ message }) => fail(new Error(`Training cannot begin: ${message}`));
    own.onmessage = ({ data }: MessageEvent<TrainingMessage>) => {
      if (data.kind === "failed") fail(new Error(data.message));
      else setTraining((before) => after(before, data));
      if (data.kind === "finished") end();
    };
    vocabulary().then(
      (text) => own.postMessage({ pairs, vocabulary: text, share } satisfies TrainingRequest),
      (error: unknown) => fail(error as Error),
    );
  };
  const stop = (): void => {
    end();
    setTraining((before) => ({ ...before, isRunning: false }));
  };
  return { ...training, start, stop };
}

async function vocabulary(): Promise<string> {
  const response = await fetch(vocabularyUrl);
  if (response.ok) return response.text();
  throw new Error(`The vocabulary cannot be loaded: ${response.status} ${response.statusText}.`);
}

function after(before: Training, message: Exclude<TrainingMessage, { kind: "failed" }>): Training {
  switch (message.kind) {
    case "read":
      return { ...before, damaged: message.damaged };
    case "entry":
      return { ...before, entries: [...before.entries, message.entry] };
    case "finished":
      return { ...before, isRunning: false, files: message.files };
  }
}

/** The model of the tab as part of rendering: opened when the first page asks for it, and shared by all. */
import { useEffect, useState } from "preact/hooks";
import { TabModel } from "./model.js";

interface ModelState {
  readonly model?: TabModel | undefined;
  /** Bytes of its weights so far and in all (0 if the server does not say). */
  readonly loaded: number;
  readonly total: number;
  /** Why it cannot be opened, or has stopped. */
  readonly fault?: Error;
}

export interface OpeningModel extends ModelState {
  /** Tries again after a fault. */
  readonly openAgain: () => void;
}

type Listener = (part: Partial<ModelState>) => void;

const nothing: ModelState = { loaded: 0, total: 0 };
const listeners = new Set<Listener>();
let opening: Promise<TabModel | undefined> | undefined;

const tell: Listener = (part) => {
  for (const listener of listeners) listener(part);
};

/** The next page that asks after a fault tries again. */
function fail(fault: unknown): undefined {
  opening = undefined;
  tell({ model: undefined, fault: fault as Error });
}

/** The model; undefined if it cannot be opened, of which listeners are told. */
function openedModel(): Promise<TabModel | undefined> {
  opening ??= TabModel.open({
    onBytes: (loaded, total) => tell({ loaded, total }),
    onStop: fail,
  }).catch(fail);
  return opening;
}

export function useModel(): OpeningModel {
  const [state, setState] = useState(nothing);
  const [attempt, setAttempt] = useState(0);
  useEffect(() => {
    const update: Listener = (part) => setState((before) => ({ ...before, ...part }));
    listeners.add(update);
    void openedModel().then((model) => {
      if (model && listeners.has(update)) update({ model });
    });
    return () => {
      listeners.delete(update);
    };
  }, [attempt]);
  const openAgain = (): void => {
    setState(nothing);
    setAttempt(attempt + 1);
  };
  return { ...state, openAgain };
}

/** The model of the tab as part of rendering: opened when the first page asks for it, and shared by all. */
import { useEffect, useState } from "preact/hooks";
import { type OnBytes, TabModel } from "./model.js";

export interface OpeningModel {
  readonly model?: TabModel;
  /** Bytes of its weights so far and in all (0 if the server does not say). */
  readonly loaded: number;
  readonly total: number;
  readonly fault?: Error;
}

const listeners = new Set<OnBytes>();
let opening: Promise<TabModel> | undefined;

function openedModel(): Promise<TabModel> {
  opening ??= TabModel.open((loaded, total) => {
    for (const listener of listeners) listener(loaded, total);
  }).catch((error: unknown) => {
    opening = undefined; // the next page that asks tries again
    throw error;
  });
  return opening;
}

export function useModel(): OpeningModel {
  const [state, setState] = useState<OpeningModel>({ loaded: 0, total: 0 });
  useEffect(() => {
    let isShown = true;
    const update = (part: Partial<OpeningModel>): void => {
      if (isShown) setState((before) => ({ ...before, ...part }));
    };
    const onBytes: OnBytes = (loaded, total) => update({ loaded, total });
    listeners.add(onBytes);
    openedModel().then(
      (model) => update({ model }),
      (error: unknown) => update({ fault: error as Error }),
    );
    return () => {
      isShown = false;
      listeners.delete(onBytes);
    };
  }, []);
  return state;
}

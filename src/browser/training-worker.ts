/** Trains in a worker of a page, which gets losses and checkpoints as they come and the files of the model at the end. */
import { quickstartSettings } from "../configs/quickstart-settings.js";
import { RecipeError } from "../configs/recipe.js";
import { decodeFile } from "./image.js";
import type { TrainingPair } from "./memory-data.js";
import { type BrowserRecipe, train } from "./train.js";
import type { PauseTraining, TrainingMessage, TrainingRequest } from "./training-messages.js";

/** The part of a worker's interface in use: TypeScript's types for Node lack it. */
const worker = globalThis as unknown as {
  onmessage: (event: { readonly data: TrainingRequest | PauseTraining }) => void;
  postMessage(message: TrainingMessage): void;
};

/** Photos are shrunk to this: the recipe's model sees 64 pixels. */
const longestSide = 256;
/** Bytes of pixels that a tab can be expected to hold beside the model. */
const mostBytes = 2 ** 30;
/** One of so many images is held out for validation, if there are twice as many. */
const heldOutOf = 10;

const pause = new AbortController();

worker.onmessage = ({ data }) => {
  if (data.kind === "pause") {
    pause.abort();
    return;
  }
  runRequest(data).catch((error: unknown) => {
    if (pause.signal.aborted) worker.postMessage({ kind: "paused" });
    else worker.postMessage({ kind: "failed", message: (error as Error).message });
  });
};

async function runRequest({ pairs: given, share, ...options }: TrainingRequest): Promise<void> {
  const { decoded, damaged } = await decodePairs(given);
  const holdsOut = decoded.length >= 2 * heldOutOf;
  const isHeldOut = (_: TrainingPair, index: number): boolean =>
    holdsOut && index % heldOutOf === heldOutOf - 1;
  const validation = decoded.filter(isHeldOut);
  const pairs = decoded.filter((pair, index) => !isHeldOut(pair, index));
  worker.postMessage({ kind: "read", heldOut: validation.length, damaged });
  const flava = await train(
    { pairs },
    {
      ...{ ...options, validation, recipe: shortened(share), signal: pause.signal },
      onBackend: (backend) => worker.postMessage({ kind: "backend", backend }),
      onNotice: (line) => worker.postMessage({ kind: "notice", line }),
      onEntry: (entry) => worker.postMessage({ kind: "entry", entry }),
      onCheckpoint: (checkpoint) => worker.postMessage({ kind: "checkpoint", checkpoint }),
    },
  );
  const files = await flava.files();
  await flava.close();
  worker.postMessage({ kind: "finished", files });
}

/** The pairs whose images can be decoded, and the names of the others. */
async function decodePairs(
  pairs: TrainingRequest["pairs"],
): Promise<{ readonly decoded: readonly TrainingPair[]; readonly damaged: readonly string[] }> {
  const decoded: TrainingPair[] = [];
  const damaged: string[] = [];
  let bytes = 0;
  for (const { name, file, texts } of pairs) {
    const image = await decodeFile(file, { longestSide }).catch(() => undefined);
    if (!image) {
      damaged.push(name);
      continue;
    }
    decoded.push({ image, texts });
    bytes += image.pixels.byteLength;
    if (bytes > mostBytes) {
      throw new RecipeError(
        `The pixels of the first ${decoded.length} of ${pairs.length} images fill 1 GiB, which is what a tab can hold. ` +
          "Choose a folder with fewer, or train with flava pretrain.",
      );
    }
  }
  return { decoded, damaged };
}

/** The quickstart's recipe with a fraction of its steps. */
function shortened(share: number): BrowserRecipe {
  const stages = quickstartSettings.stages.map((stage) => {
    const steps = Math.max(1, Math.round(stage.steps * share));
    const { rate, every } = stage;
    return {
      ...stage,
      steps,
      rate: { ...rate, warmup: Math.floor(rate.warmup * share) },
      every: { ...every, log: Math.max(1, Math.round(every.log * share)) },
      ...("temperature" in stage && { temperature: { ...stage.temperature, over: steps } }),
    };
  });
  const [first, ...others] = stages;
  return { ...quickstartSettings, stages: [first!, ...others] };
}

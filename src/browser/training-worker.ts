/** Trains in a worker of a page, which gets the losses as they come and the files of the model at the end. */
import { quickstartSettings } from "../configs/quickstart-settings.js";
import { decodeFile } from "./image.js";
import type { TrainingPair } from "./memory-data.js";
import { type BrowserRecipe, train } from "./train.js";
import type { TrainingMessage, TrainingRequest } from "./training-messages.js";

/** The part of a worker's interface in use: TypeScript's types for Node lack it. */
const worker = globalThis as unknown as {
  onmessage: (event: { readonly data: TrainingRequest }) => void;
  postMessage(message: TrainingMessage): void;
};

/** Photos are shrunk to this: the recipe's model sees 64 pixels. */
const longestSide = 256;

worker.onmessage = ({ data }) => {
  void runRequest(data).catch((error: unknown) => {
    worker.postMessage({ kind: "failed", message: (error as Error).message });
  });
};

async function runRequest({ pairs, vocabulary, share }: TrainingRequest): Promise<void> {
  const decoded: TrainingPair[] = [];
  const damaged: string[] = [];
  for (const { name, file, texts } of pairs) {
    try {
      decoded.push({ image: await decodeFile(file, { longestSide }), texts });
    } catch {
      damaged.push(name);
    }
  }
  worker.postMessage({ kind: "read", pairs: decoded.length, damaged });
  const flava = await train(
    { pairs: decoded },
    {
      vocabulary,
      recipe: shortened(share),
      onEntry: (entry) => worker.postMessage({ kind: "entry", entry }),
    },
  );
  const files = await flava.files();
  await flava.close();
  worker.postMessage({ kind: "finished", files });
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

import type { Backend } from "../src/backend/backend.js";
import { openBackend } from "../src/backend/open.js";
import { models } from "../src/configs/models.js";
import type { FlavaConfig } from "../src/model/config.js";
import { prepareEngine } from "./engine.js";
import { prepareFinetuning } from "./finetuning.js";
import { prepareApplication, prepareLoading, preparePretraining } from "./model.js";
import type { Prepared, Side, Work } from "./work.js";

/** Our side of the comparison, in this process. */
export function openOurs(): Side {
  let backend: Backend | undefined;
  let prepared: Prepared | undefined;
  return {
    prepare: async (work, threads) => {
      backend?.dispose(); // frees the previous work
      backend = openBackend({ name: "native", threads });
      prepared = await prepare(backend, work);
    },
    time: async () => {
      if (!prepared) throw new Error("No work is prepared.");
      const start = performance.now();
      await prepared.run();
      const seconds = (performance.now() - start) / 1000;
      prepared.release?.();
      return seconds;
    },
    processorSeconds: () => {
      const { user, system } = process.cpuUsage();
      return Promise.resolve((user + system) / 1e6);
    },
    close: () => {
      backend?.dispose();
      return Promise.resolve();
    },
  };
}

/** Prepares work on `backend`; `config` is the model to pre-train or apply. */
export async function prepare(
  backend: Backend,
  work: Work,
  config: FlavaConfig = models.base,
): Promise<Prepared> {
  switch (work.kind) {
    case "pretrain":
      return preparePretraining(backend, config, work);
    case "finetune":
      return prepareFinetuning(backend, config, work);
    case "apply":
      return prepareApplication(backend, config, work);
    case "load":
      return prepareLoading(backend, work);
    case "product":
    case "train":
    case "infer":
    case "tiny operations":
      return prepareEngine(backend, work);
  }
}

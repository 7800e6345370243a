/** Computes with a model in a worker of a page, which stays responsive meanwhile. */
import type { Image } from "../data/image/image.js";
import type { Flava } from "./flava.js";
import { decodeFile } from "./image.js";
import { load } from "./load.js";
import type { ModelAnswer, ModelMessage, ModelRequest, OpenModel } from "./model-messages.js";

/** The part of a worker's interface in use: TypeScript's types for Node lack it. */
const worker = globalThis as unknown as {
  onmessage: (event: { readonly data: OpenModel | ModelRequest }) => void;
  postMessage(message: ModelMessage): void;
};

/** Larger images are shrunk to this by the browser first, as it does so many times faster than our resampling. */
const longestSide = 1024;

let model: Flava | undefined;

/** Says what is wrong with a request. All other errors are the model's. */
class Refusal extends Error {}

worker.onmessage = ({ data }) => {
  if (data.kind === "open") {
    open(data.url).catch(fail);
    return;
  }
  const { id } = data;
  answerTo(data, model!).then(
    (answer) => worker.postMessage({ kind: "answer", id, answer }),
    (error: unknown) => {
      if (!(error instanceof Refusal)) fail(error);
      else worker.postMessage({ kind: "refusal", id, message: error.message });
    },
  );
};

const fail = (error: unknown): void =>
  worker.postMessage({ kind: "failed", message: (error as Error).message });

async function open(url: string): Promise<void> {
  model = await load(url, {
    onProgress: (loaded, total) => worker.postMessage({ kind: "progress", loaded, total }),
  });
  const backend = { name: model.backend, threads: model.threads };
  const fingerprint = await model.fingerprint().catch(() => undefined);
  worker.postMessage({ kind: "opened", model: { backend, fingerprint } });
}

async function answerTo(request: ModelRequest, flava: Flava): Promise<ModelAnswer> {
  switch (request.kind) {
    case "texts":
      return { kind: "vectors", vectors: await flava.embedTexts(request.texts) };
    case "images":
      return { kind: "vectors", vectors: await embedFiles(request.images, flava) };
    case "classify": {
      const image = await decoded(request.image);
      if (!image) throw new Refusal("This browser cannot decode the image. Choose a JPEG or PNG.");
      return { kind: "ranking", ranking: await flava.classify(image, request.labels) };
    }
  }
}

/** The embeddings of image files; undefined for those that cannot be decoded. */
async function embedFiles(
  files: readonly Blob[],
  flava: Flava,
): Promise<(Float32Array | undefined)[]> {
  const images = await Promise.all(files.map(decoded));
  const vectors = await flava.embedImages(images.filter((image) => image !== undefined));
  let next = 0;
  return images.map((image) => image && vectors[next++]);
}

const decoded = (file: Blob): Promise<Image | undefined> =>
  decodeFile(file, { longestSide }).catch(() => undefined);

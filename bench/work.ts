/** The workloads, for our engine and its peer alike; the modules of `bench/peers` read the same fields. */
export type Work = EngineWork | ModelWork;
export type EngineWork = Product | Encoder | TinyOperations;
type ModelWork = Pretraining | Finetuning | Application | Loading;

/** `count` left factors [m, k], each times the same weight [n, k] transposed. */
export type Product = {
  readonly kind: "product";
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly count: number;
  /** int8: the weight alone is stored in 8 bits, and the rows of the factors are quantized as they are multiplied. */
  readonly dtype: "float32" | "bfloat16" | "int8";
};

/** A plain ViT-B/16 encoder on [batch, tokens, 768]: a training step (forward, backward, AdamW), or forward only. */
export type Encoder = {
  readonly kind: "train" | "infer";
  readonly batch: number;
  readonly tokens: number;
  readonly dtype: "float32" | "bfloat16" | "int8";
};

/** Additions of a few numbers in sequence, to measure the overhead of an operation. */
export type TinyOperations = { readonly kind: "tiny operations"; readonly count: number };

/** One pre-training step of FLAVA: the losses of a batch, its visual tokens included, backward, AdamW. */
export type Pretraining = {
  readonly kind: "pretrain";
  readonly samples: "image" | "text" | "pair";
  readonly batch: number;
  /** Of all samples except images without text. */
  readonly texts?: Texts;
  readonly dtype: "float32" | "bfloat16";
};

/** One step of fine-tuning FLAVA with a head for three classes: forward, backward, AdamW. */
export type Finetuning = {
  readonly kind: "finetune";
  readonly encoder: "text" | "multimodal";
  readonly batch: number;
  readonly texts: Texts;
  /** Side of the images in pixels, if there are any. */
  readonly imageSize?: number;
  readonly dtype: "float32" | "bfloat16";
};

/** FLAVA applied: embeddings of images or texts, or the probability of a match. */
export type Application = {
  readonly kind: "apply";
  readonly output: "image embedding" | "text embedding" | "ITM score";
  readonly batch: number;
  readonly texts?: Texts;
  readonly dtype: "float32" | "bfloat16" | "int8";
};

/** Loading FLAVA's weights from a directory in Hugging Face's layout, until the model can be used. */
export type Loading = { readonly kind: "load"; readonly directory: string };

export type Texts = {
  /** Real tokens of each text. */
  readonly lengths: readonly number[];
  /** Length that all texts are padded to. */
  readonly padded: number;
};

export const encoderSizes = { width: 768, heads: 12, hidden: 3072, layers: 12 } as const;

/** Number of compute threads on both sides; `FLAVA_THREADS` sets another. */
export const threads = Number(process.env.FLAVA_THREADS ?? 2);

/** One of the two compared sides. It holds one piece of work at a time. */
export type Side = {
  readonly prepare: (work: Work, threads: number) => Promise<void>;
  /** Runs the prepared work once; returns seconds. */
  readonly time: () => Promise<number>;
  /** Processor time used by the side's process so far. */
  readonly processorSeconds: () => Promise<number>;
  readonly close: () => Promise<void>;
};

/** A piece of work that is ready to run on our side. */
export type Prepared = {
  /** Runs it once. */
  readonly run: () => Promise<unknown>;
  /** Frees what a run leaves behind. */
  readonly release?: () => void;
};

/** A product with enough left factors to be timed: the smallest takes half a millisecond. */
export function product(m: number, k: number, n: number, dtype: Product["dtype"]): Product {
  const count = Math.min(32, Math.ceil(8e9 / (2 * m * k * n)));
  return { kind: "product", m, k, n, count, dtype };
}

export function productFlops({ m, k, n, count }: Product): number {
  return 2 * m * k * n * count;
}

/** Bytes of the factors and the results, each once. */
export function productBytes({ m, k, n, count, dtype }: Product): number {
  const [size, weightSize] = dtype === "float32" ? [4, 4] : dtype === "bfloat16" ? [2, 2] : [2, 1];
  return size * count * m * (k + n) + weightSize * k * n;
}

/** Captions of 8 to 24 tokens, evenly spread; a single caption has 16. */
export function captions(batch: number, padded: number): Texts {
  const lengthOf = (index: number): number =>
    batch === 1 ? 16 : Math.round(8 + (16 * index) / (batch - 1));
  return { lengths: Array.from({ length: batch }, (_, index) => lengthOf(index)), padded };
}

/** Unpadded texts of `length` tokens. */
export function fullTexts(batch: number, length: number): Texts {
  return { lengths: Array.from({ length: batch }, () => length), padded: length };
}

const objectiveNames = { image: "MIM", text: "MLM", pair: "pre-training" } as const;

export function describeWork(work: Work): string {
  switch (work.kind) {
    case "product":
      return `product ${work.m} x ${work.k} x ${work.n}, ${work.dtype}`;
    case "train":
      return `training step, batch ${work.batch}, ${work.tokens} tokens, ${work.dtype}`;
    case "infer":
      return `forward pass, batch ${work.batch}, ${work.tokens} tokens, ${work.dtype}`;
    case "tiny operations":
      return `${work.count.toLocaleString("en")} tiny operations, overhead`;
    case "pretrain":
      return `${objectiveNames[work.samples]} step, batch ${work.batch}, ${work.dtype}`;
    case "finetune": {
      const images = work.imageSize === undefined ? "" : `, ${work.imageSize} pixels`;
      return `fine-tuning, ${work.encoder}, batch ${work.batch}, ${work.texts.padded} tokens${images}, ${work.dtype}`;
    }
    case "apply":
      return `${work.output}, batch ${work.batch}, ${work.dtype}`;
    case "load":
      return "loading 357,645,303 parameters";
  }
}

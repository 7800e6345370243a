/** What is measured, in our engine and in its peer alike; `bench/peers/engine.py` reads the same fields. */
export type Work = Product | Encoder;

/** `count` left sides [m, k], each times the same weight [n, k] transposed. */
export type Product = {
  readonly kind: "product";
  readonly m: number;
  readonly k: number;
  readonly n: number;
  readonly count: number;
  readonly dtype: "float32" | "bfloat16";
};

/** A plain ViT-B/16 encoder on [batch, tokens, 768]: a training step (forward, backward, AdamW), or forward only. */
export type Encoder = {
  readonly kind: "train" | "infer";
  readonly batch: number;
  readonly tokens: number;
  readonly dtype: "float32" | "bfloat16" | "int8";
};

export const encoderSizes = { width: 768, heads: 12, hidden: 3072, layers: 12 } as const;

/** One of the two that are compared. It holds one piece of work at a time. */
export type Side = {
  readonly prepare: (work: Work, threads: number) => Promise<void>;
  /** Does the prepared work once; seconds. */
  readonly time: () => Promise<number>;
  /** Processor time that the side's process has used so far. */
  readonly processorSeconds: () => Promise<number>;
  readonly close: () => Promise<void>;
};

/** A product with enough left sides to be timed at all: the smallest takes half a millisecond. */
export function product(m: number, k: number, n: number, dtype: Product["dtype"]): Product {
  const count = Math.min(32, Math.ceil(8e9 / (2 * m * k * n)));
  return { kind: "product", m, k, n, count, dtype };
}

export function productFlops({ m, k, n, count }: Product): number {
  return 2 * m * k * n * count;
}

export function describeWork(work: Work): string {
  if (work.kind === "product") return `product ${work.m} x ${work.k} x ${work.n}, ${work.dtype}`;
  const verb = work.kind === "train" ? "training step" : "forward pass";
  return `${verb}, batch ${work.batch}, ${work.tokens} tokens, ${work.dtype}`;
}

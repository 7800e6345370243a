import { models } from "../src/configs/models.js";
import { type Comparison, compareMemory, compareTime } from "./comparison.js";
import { cosineToFloat32, randomCheckpoint } from "./model.js";
import type { Row } from "./report.js";
import { type Application, type Pretraining, captions, describeWork, fullTexts } from "./work.js";

const batch = 8;
/** Fits captions of 8 to 24 tokens. Users of the peer pad captions to 77. */
const captionLength = { ours: 24, peer: 77 } as const;

/** Compares FLAVA with transformers' FLAVA; yields each selected row as it is measured. */
export async function* compareModel(comparison: Comparison): AsyncGenerator<Row> {
  yield* comparePretraining(comparison);
  for (const output of ["image embedding", "text embedding", "ITM score"] as const) {
    for (const count of [1, 8, 32]) yield* compareApplication(comparison, output, count);
  }
  yield* compareMemory(comparison, pairStep("bfloat16"), { atMost: 0.6 });
  yield* compareLoading(comparison);
}

/** The checkpoint is written only for this row. */
async function* compareLoading(comparison: Comparison): AsyncGenerator<Row> {
  if (!comparison.isSelected(describeWork({ kind: "load", directory: "" }))) return;
  const directory = await randomCheckpoint();
  yield* compareTime(comparison, { work: { kind: "load", directory } }, { atMost: 0.5 });
}

/** A pre-training step on pairs: ours in bfloat16, the peer's in `dtype`. */
function pairStep(dtype: Pretraining["dtype"]): { work: Pretraining; peerWork: Pretraining } {
  const step = { kind: "pretrain", samples: "pair", batch } as const;
  return {
    work: { ...step, texts: captions(batch, captionLength.ours), dtype: "bfloat16" },
    peerWork: { ...step, texts: captions(batch, captionLength.peer), dtype },
  };
}

async function* comparePretraining(comparison: Comparison): AsyncGenerator<Row> {
  yield* compareTime(comparison, pairStep("bfloat16"), { atMost: 0.65 });
  yield* compareTime(comparison, pairStep("float32"), { atMost: 0.35 });
  const step = { kind: "pretrain", batch, dtype: "bfloat16" } as const;
  yield* compareTime(comparison, { work: { ...step, samples: "image" } }, { atMost: 0.75 });
  const texts = fullTexts(batch, 128);
  yield* compareTime(comparison, { work: { ...step, samples: "text", texts } }, { atMost: 0.7 });
}

/** Both sides pad captions to the same length: for embedding texts, users of the peer need not pad to 77. */
async function* compareApplication(
  comparison: Comparison,
  output: Application["output"],
  count: number,
): AsyncGenerator<Row> {
  const texts = output === "image embedding" ? {} : { texts: captions(count, captionLength.ours) };
  const shared = { kind: "apply", output, batch: count, ...texts } as const;
  const work: Application = { ...shared, dtype: "bfloat16" };
  yield* compareTime(comparison, { work }, { atMost: 0.8 });
  yield* compareTime(
    comparison,
    { work, peerWork: { ...shared, dtype: "float32" } },
    { atMost: 0.45 },
  );
  const int8: Application = { ...shared, dtype: "int8" };
  const bar = { atMost: 0.6, cosineAtLeast: 0.995 };
  const task = { work: int8, peerWork: work };
  yield* compareTime(comparison, task, bar, async () => ({
    cosine: await cosineToFloat32(models.base, int8),
  }));
}

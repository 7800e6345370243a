import { models } from "../src/configs/models.js";
import type { Bars } from "./bars.js";
import { type Line, headline, memoryLine, timeLine } from "./comparison.js";
import { cosineToFloat32, randomCheckpoint } from "./model.js";
import { type Application, type Pretraining, captions, describeWork, fullTexts } from "./work.js";

/** Fits captions of 8 to 24 tokens. Users of the peer pad captions to 77. */
const captionLength = { ours: 24, peer: 77 } as const;

/** The lines that compare FLAVA with transformers' FLAVA. */
export function modelLines(bars: Bars): Line[] {
  return [
    ...pretrainingLines(bars),
    ...(["image embedding", "text embedding", "ITM score"] as const).flatMap((output) =>
      [1, 8, 32].flatMap((count) => applicationLines(bars, output, count)),
    ),
    memoryLine(pairStep(8, "bfloat16"), { atMost: bars.pairStepMemory }),
    loadingLine(),
  ];
}

/** The checkpoint is written only for this row. */
function loadingLine(): Line {
  return {
    label: describeWork({ kind: "load", directory: "" }),
    measure: async (comparison) => {
      const work = { kind: "load", directory: await randomCheckpoint() } as const;
      return timeLine({ work }, { atMost: 0.5 }).measure(comparison);
    },
  };
}

/** A pre-training step on pairs: ours in bfloat16, the peer's in `dtype`. */
function pairStep(
  batch: number,
  dtype: Pretraining["dtype"],
): { work: Pretraining; peerWork: Pretraining } {
  const step = { kind: "pretrain", samples: "pair", batch } as const;
  return {
    work: { ...step, texts: captions(batch, captionLength.ours), dtype: "bfloat16" },
    peerWork: { ...step, texts: captions(batch, captionLength.peer), dtype },
  };
}

function pretrainingLines(bars: Bars): Line[] {
  const batch = 8;
  const step = { kind: "pretrain", batch, dtype: "bfloat16" } as const;
  const texts = fullTexts(batch, 128);
  return [
    headline(timeLine(pairStep(batch, "bfloat16"), { atMost: bars.pairStep })),
    timeLine(pairStep(32, "bfloat16"), { atMost: bars.pairStep }),
    timeLine(pairStep(batch, "float32"), { atMost: 0.35 }),
    timeLine({ work: { ...step, samples: "image" } }, { atMost: bars.maskedStep }),
    timeLine({ work: { ...step, samples: "text", texts } }, { atMost: bars.maskedStep }),
  ];
}

/** Both sides pad captions to the same length: for embedding texts, users of the peer need not pad to 77. */
function applicationLines(bars: Bars, output: Application["output"], count: number): Line[] {
  const texts = output === "image embedding" ? {} : { texts: captions(count, captionLength.ours) };
  const shared = { kind: "apply", output, batch: count, ...texts } as const;
  const work: Application = { ...shared, dtype: "bfloat16" };
  const int8: Application = { ...shared, dtype: "int8" };
  const equal = timeLine({ work }, { atMost: bars.application });
  return [
    count === 8 ? headline(equal) : equal,
    timeLine({ work, peerWork: { ...shared, dtype: "float32" } }, { atMost: 0.45 }),
    timeLine({ work: int8, peerWork: work }, { atMost: 0.6, cosineAtLeast: 0.995 }, async () => ({
      cosine: await cosineToFloat32(models.base, int8),
    })),
  ];
}

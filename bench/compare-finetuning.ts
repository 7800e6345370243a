import { type Line, apartLine, headline, timeLine } from "./comparison.js";
import { type Finetuning, fullTexts } from "./work.js";

/** The lines that compare fine-tuning with the same in PyTorch, both in bfloat16. */
export function finetuningLines(): Line[] {
  const step = { kind: "finetune", dtype: "bfloat16" } as const;
  const pairs = (imageSize: number): Finetuning => ({
    ...step,
    ...{ encoder: "multimodal", batch: 16, texts: fullTexts(16, 32), imageSize },
  });
  const bar = { atMost: 0.7 };
  return [
    // First, as both sides keep the work of the line before: here PyTorch alone takes more than 15 GB.
    apartLine({ work: pairs(480) }, bar),
    headline(
      timeLine({ work: { ...step, encoder: "text", batch: 32, texts: fullTexts(32, 128) } }, bar),
    ),
    headline(timeLine({ work: pairs(224) }, bar)),
  ];
}

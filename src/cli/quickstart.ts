/**
 * The quickstart: trains a tiny transformer to fill in masked letters of a real text, and shows what it has learnt. It
 * exercises the whole engine: tracing, gradients, planning, clipping, AdamW and a schedule inside one program.
 */
import { readFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { formatBytes } from "../backend/available-memory.js";
import type { Backend } from "../backend/backend.js";
import { openBackend } from "../backend/open.js";
import { alphabetSize, drawBatch, mask, showMasked, toLetters } from "./letters.js";
import { type LetterModel, type LetterModelSizes, letterModel } from "./letter-model.js";

const native: LetterModelSizes = {
  batch: 128,
  length: 24,
  width: 128,
  hidden: 512,
  layers: 3,
  heads: 4,
};
/** What plain TypeScript trains in the same time. */
const reference: LetterModelSizes = { ...native, batch: 16, width: 32, hidden: 128, layers: 2 };
const steps = 600;

async function main(): Promise<void> {
  const text = toLetters(
    readFileSync(new URL("../../samples/moby-dick.txt", import.meta.url), "utf8"),
  );
  // The last tenth of the text is never trained on.
  const border = Math.floor(text.length * 0.9);
  const backend = openBackend();
  const sizes = backend.name === "native" ? native : reference;
  const model = await letterModel(backend, sizes, steps);
  introduce(backend, text.length, model.parameterCount, model.memory);
  const started = performance.now();
  for (let step = 1; step <= steps; step++) {
    const { loss, norm } = await model.train(drawBatch(text.subarray(0, border), sizes, step));
    if (step % 50 === 0 || step === 1) {
      const seconds = ((performance.now() - started) / 1000).toFixed(1).padStart(5);
      const bar = "#".repeat(Math.round(loss * 10));
      console.log(
        `step ${String(step).padStart(3)}  loss ${loss.toFixed(3)}  norm ${norm.toFixed(2)}  ${seconds} s  ${bar}`,
      );
    }
  }
  await report(model.evaluate, sizes, text.subarray(border));
  backend.dispose();
}

function introduce(backend: Backend, letters: number, parameters: number, memory: number): void {
  const { name, level, threads } = backend;
  const cores = availableParallelism();
  console.log(`Backend: ${name} (${level}), ${threads} of ${cores} threads.`);
  console.log(
    `Text: ${letters.toLocaleString("en")} characters of Moby-Dick, the last tenth held out.`,
  );
  console.log(
    `Model: ${parameters.toLocaleString("en")} parameters; training takes ${formatBytes(memory)}.`,
  );
  console.log(
    `A guess among ${alphabetSize} characters costs ln ${alphabetSize} = ${Math.log(alphabetSize).toFixed(3)}.\n`,
  );
}

/** The loss on text that was held out, and pieces of it with the model's guesses. */
async function report(
  evaluate: LetterModel["evaluate"],
  sizes: LetterModelSizes,
  heldOut: Uint8Array,
): Promise<void> {
  let total = 0;
  const rounds = 8;
  for (let round = 0; round < rounds; round++) {
    const { loss } = await evaluate(drawBatch(heldOut, sizes, -1 - round));
    total += loss;
  }
  const batch = drawBatch(heldOut, sizes, 0);
  const { guesses } = await evaluate(batch);
  console.log(`\nOn the held-out text: loss ${(total / rounds).toFixed(3)}.`);
  console.log(`What was given (${mask} hides a character), and what the model fills in:`);
  for (let sample = 0; sample < 5; sample++) {
    const { hidden, filled } = showMasked(batch, guesses, sizes.length, sample);
    console.log(`  ${hidden}    ${filled}`);
  }
}

await main();

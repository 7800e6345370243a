/** The contrastive loss over several processes: their averaged gradients against those of one process (flava.md 3.2). */
import { describe, expect, it } from "vitest";
import { referenceBackend } from "../src/backend/reference.js";
import type { Transport } from "../src/backend/transport.js";
import type { Values } from "../src/backend/values.js";
import { leavesOf, mapTree } from "../src/base/tree.js";
import { gradient } from "../src/graph/gradient.js";
import { add, multiply } from "../src/graph/ops/arithmetic.js";
import { fill } from "../src/graph/ops/fill.js";
import { concatenate } from "../src/graph/ops/concatenate.js";
import { softmaxCrossEntropy } from "../src/graph/ops/cross-entropy.js";
import { affine } from "../src/graph/ops/affine.js";
import { stopGradient } from "../src/graph/ops/elementwise.js";
import { product } from "../src/graph/ops/matmul.js";
import { mean } from "../src/graph/ops/reduce.js";
import { slice } from "../src/graph/ops/slice.js";
import { constant } from "../src/graph/placeholder.js";
import type { Tensor } from "../src/graph/tensor.js";
import { type FlavaForPretraining, embed } from "../src/model/flava.js";
import { encodeImages, encodeTexts } from "../src/model/traced-model.js";
import type { PairBatch } from "../src/data/batch/batch.js";
import { logitMultiplier } from "../src/objective/contrastive.js";
import type { GatherMode, PretrainingModel } from "../src/objective/model.js";
import { lossesOf } from "../src/objective/objectives.js";
import { closeTo } from "./close-to.js";
import { Given, evaluate, floats, integers, modelOf, pairs, smallState } from "./small-model.js";

const workers = 2;
const perWorker = 2;
type Parameters = FlavaForPretraining<Tensor>;

/** Where processes meet: `wait` resolves to all contributions as soon as the last has arrived. */
function meetingOf(size: number): (rank: number, values: Values) => Promise<readonly Values[]> {
  const brought = new Map<number, Values>();
  const waiting: ((all: readonly Values[]) => void)[] = [];
  return (rank, values) =>
    new Promise((resolve) => {
      brought.set(rank, values);
      waiting.push(resolve);
      if (waiting.length < size) return;
      const all = Array.from({ length: size }, (_, each) => brought.get(each)!);
      for (const settle of waiting) settle(all);
    });
}

/** Transports within this process; the n-th calls of all ranks meet. */
function transports(size: number): Transport[] {
  const meetings: ReturnType<typeof meetingOf>[] = [];
  return Array.from({ length: size }, (_, rank) => {
    let calls = 0;
    const meet = (values: Values): Promise<readonly Values[]> =>
      (meetings[calls++] ??= meetingOf(size))(rank, values);
    return {
      async allReduce(values) {
        const all = await meet(values);
        return values.map((_, i) => all.reduce((sum, each) => sum + each[i]!, 0));
      },
      async allGather(values) {
        const joined = (await meet(values)).flatMap((each) => [...each]);
        return values instanceof Int32Array ? Int32Array.from(joined) : Float32Array.from(joined);
      },
    };
  });
}

function contrastiveLoss(model: PretrainingModel, batch: Omit<PairBatch, "kind">): Tensor {
  return lossesOf(model, { kind: "pair", ...batch }).contrastive!;
}

/** A loss and its gradients by path. */
function withGradients(loss: Tensor, parameters: Parameters): Record<string, Tensor> {
  return { loss, ...Object.fromEntries(leavesOf<Tensor>(gradient(loss, parameters))) };
}

const joined = pairs(
  Array.from({ length: workers * perWorker }, () => 1),
  [7, 4, 6, 5],
);

/** The pairs of one process. */
function shareOf(rank: number): ReturnType<typeof pairs> {
  return mapTree(joined, ({ shape: [count = 0, ...rest], values }: Given) => {
    const size = values.length / workers;
    const own = values.subarray(rank * size, (rank + 1) * size);
    const shape = [count / workers, ...rest];
    return values instanceof Int32Array ? integers(shape, own) : floats(shape, own);
  });
}

/** The average over all processes. */
async function averaged(gather: GatherMode): Promise<Map<string, number[]>> {
  const all = await Promise.all(
    transports(workers).map((transport, rank) =>
      evaluate(
        shareOf(rank),
        (parameters, given) => {
          const model = modelOf(parameters, { gather, world: { size: workers, rank } });
          return withGradients(contrastiveLoss(model, given), parameters);
        },
        { state: smallState(referenceBackend()), transport },
      ),
    ),
  );
  return new Map(
    Object.keys(all[0]!).map((name) => [
      name,
      all[0]![name]!.map((_, i) => all.reduce((sum, each) => sum + each[name]![i]!, 0) / workers),
    ]),
  );
}

/**
 * The same on one process with all pairs: the mean of the losses of each share of the rows, with the columns
 * live or constant, depending on the mode.
 */
function onOneProcess(gather: GatherMode): Promise<Record<string, number[]>> {
  return evaluate(joined, (parameters, given) => {
    const model = modelOf(parameters);
    const { imageProjection, textProjection, logitScale } = parameters.flava;
    const { pixels, ids, lengths } = given;
    const encoded = encodeImages(model, { pixels });
    const words = encodeTexts(model, { ids, lengths });
    const images = embed(imageProjection, encoded, "float32");
    const sentences = embed(textProjection, words, "float32");
    const factor = logitMultiplier(logitScale);
    const losses = Array.from({ length: workers }, (_, rank) => {
      const start = rank * perWorker;
      const own = (x: Tensor): Tensor => slice(x, 0, start, start + perWorker);
      const columns = (x: Tensor): Tensor => {
        if (gather === "global") return x;
        if (gather === "none") return stopGradient(x);
        const other = stopGradient(slice(x, 0, perWorker - start, 2 * perWorker - start));
        return concatenate(rank === 0 ? [own(x), other] : [other, own(x)], 0);
      };
      const labels = constant(Int32Array.of(start, start + 1), [perWorker]);
      const loss = (a: Tensor, b: Tensor): Tensor => {
        const logits = product(multiply(own(a), factor), columns(b), { transposeB: true });
        return mean(softmaxCrossEntropy(logits, labels, fill([perWorker], 1)));
      };
      return affine(add(loss(images, sentences), loss(sentences, images)), 0.5, 0);
    });
    return withGradients(affine(losses.reduce(add), 1 / workers, 0), parameters);
  });
}

describe("the contrastive loss of several processes", () => {
  it.each(["global", "local", "none"] as const)(
    "with the gather mode %s has the documented gradient",
    async (gather) => {
      const found = await averaged(gather);
      const expected = await onOneProcess(gather);
      expect([...found.keys()].toSorted()).toEqual(Object.keys(expected).toSorted());
      expect(found.size).toBeGreaterThan(50);
      for (const [name, values] of found) expect(values, name).toEqual(closeTo(expected[name]!, 6));
    },
  );

  it("matches one process with the whole batch by default", async () => {
    const found = await averaged("global");
    const whole = await evaluate(joined, (parameters, given) => {
      return withGradients(contrastiveLoss(modelOf(parameters), given), parameters);
    });
    for (const [name, values] of found) expect(values, name).toEqual(closeTo(whole[name]!, 6));
  });

  it("has a different gradient if others' embeddings are constants", async () => {
    const path = "flava/imageProjection/weight";
    const [global, local, none] = await Promise.all(
      (["global", "local", "none"] as const).map(averaged),
    );
    expect(local!.get("loss")).toEqual(closeTo(global!.get("loss")!, 6));
    expect(local!.get(path)).not.toEqual(closeTo(global!.get(path)!, 4));
    expect(none!.get(path)).not.toEqual(closeTo(local!.get(path)!, 4));
  });
});

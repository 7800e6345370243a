/** The whole search for a linear probe's regularization, against scikit-learn's logistic regression. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openBackend } from "../src/backend/open.js";
import { foldIn, keyOf, normal } from "../src/base/random.js";
import { type LabeledFeatures, labeledFeatures } from "../src/eval/probe/labeled-features.js";
import { searchProbe } from "../src/eval/probe/search.js";
import { startPython } from "./python.js";
import { type Row, formatRow, judge, rowHeader } from "./report.js";
import { threads } from "./work.js";

export type ProbeSizes = {
  /** Training items; a quarter as many are for validation. */
  readonly items: number;
  readonly width: number;
  readonly classes: number;
};

/** What a side found, and how long it took. */
export type Found = {
  readonly seconds: number;
  readonly lambda: number;
  /** Of the best lambda, on the validation part. */
  readonly accuracy: number;
};

/** Overlapping classes, and axes of very different variances, as an encoder's features have. */
function probeFeatures(
  { items, width, classes }: ProbeSizes,
  seed: number,
): LabeledFeatures & { readonly values: Float32Array } {
  const centers = normal(keyOf(1), classes * width, 0.15);
  const values = normal(foldIn(keyOf(2), seed), items * width);
  const labels = Int32Array.from({ length: items }, (_, item) => item % classes);
  for (const [item, label] of labels.entries()) {
    for (let axis = 0; axis < width; axis++) {
      const deviation = 1 / (1 + axis / 32);
      const place = item * width + axis;
      values[place] = deviation * (values[place]! + centers[label * width + axis]!);
    }
  }
  return { ...labeledFeatures(values, labels, width), values };
}

/** Our time for the search. */
export async function searchOurs(sizes: ProbeSizes, name?: "reference"): Promise<Found> {
  const backend = openBackend({ threads, ...(name && { name }) });
  const parts = partsOf(sizes);
  const start = performance.now();
  const { probe, tried } = await searchProbe(backend, parts, sizes.classes);
  const seconds = (performance.now() - start) / 1000;
  backend.dispose();
  const accuracy = tried.find(({ lambda }) => lambda === probe.lambda)?.accuracy ?? NaN;
  return { seconds, lambda: probe.lambda, accuracy };
}

const partsOf = (sizes: ProbeSizes) => ({
  train: probeFeatures(sizes, 0),
  validation: probeFeatures({ ...sizes, items: Math.ceil(sizes.items / 4) }, 1),
});

/** Prints and returns the comparison; both sides read the same features. */
export async function benchProbe(sizes: ProbeSizes): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), "probe-"));
  for (const [name, { values, labels }] of Object.entries(partsOf(sizes))) {
    writeFileSync(join(folder, `${name}.features`), values);
    writeFileSync(join(folder, `${name}.labels`), labels);
  }
  const python = startPython("probe.py", folder, String(sizes.width), String(threads));
  try {
    const peer = (await python.ask()) as Found;
    const ours = await searchOurs(sizes);
    const { items, width, classes } = sizes;
    const work = `search for a probe's lambda, ${items} x ${width}, ${classes} classes`;
    const seconds = { ours: ours.seconds, peer: peer.seconds };
    const row = judge({ work, ...seconds, unit: "s", noisy: false }, { atMost: 0.33 });
    console.log([rowHeader, formatRow(row)].join("\n"));
    for (const [name, { lambda, accuracy }] of Object.entries({ ours, "scikit-learn": peer })) {
      console.log(`${name}: lambda ${lambda.toPrecision(3)}, accuracy ${accuracy.toFixed(4)}`);
    }
    return [row];
  } finally {
    await python.close();
    rmSync(folder, { recursive: true });
  }
}

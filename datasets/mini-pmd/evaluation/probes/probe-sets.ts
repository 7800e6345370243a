/** Labeled images for linear probes, in a training part and a test part. */
import type { EvaluationContext } from "../context.js";
import { SetFolder, type SetReport } from "../set-folder.js";
import { drawnProbes } from "./drawn-probes.js";
import { labeledByPeople } from "./labeled-by-people.js";
import { type Labeled, type ProbeRecipe, parts } from "./probe-recipe.js";

/** Minimum number of images of a class in the training part and in the test part. */
const fewest = { train: 8, test: 3 } as const;
/** Maximum number of images of a class in a part: a probe needs no more. */
const most = { train: 400, test: 100 } as const;

/** Writes all probes whose images were built: shards in train/ and test/, and classes.json. */
export async function* buildProbeSets(context: EvaluationContext): AsyncGenerator<SetReport> {
  for (const recipe of [...labeledByPeople, ...drawnProbes]) {
    const labeled: Labeled[] = [];
    for await (const each of recipe.images(context)) labeled.push(each);
    const report = await writeProbeSet(recipe, enough(labeled), context);
    if (report) yield report;
    else context.onMessage(`${recipe.name} is left out: ${recipe.source} is not built.`);
  }
}

async function writeProbeSet(
  { name, task, source, splitRule, synthetic }: ProbeRecipe,
  labeled: readonly Labeled[],
  { directory }: EvaluationContext,
): Promise<SetReport | undefined> {
  const folder = await SetFolder.begin(directory, name);
  for (const { sample, label, part } of labeled) {
    const { key, image, fields } = sample;
    await folder.add({ key, ...(image && { image }), texts: [], label, fields }, part);
  }
  const classes = [...new Set(labeled.map(({ label }) => label))].sort();
  await folder.write("classes.json", { classes });
  return folder.finish({
    task,
    kind: "linear probe",
    source,
    splitRule: `${splitRule}; of a class at most ${most.train} to train on and ${most.test} to test on`,
    synthetic,
    baselines: { chance: 1 / classes.length, "commonest class": commonest(labeled) },
    counts: { classes: classes.length },
  });
}

/** Only classes that have enough images in both parts, and of each no more than needed. */
export function enough(labeled: readonly Labeled[]): Labeled[] {
  const counts = new Map<string, number>();
  const counted = labeled.filter(({ label, part }) => {
    const place = `${part} ${label}`;
    const count = (counts.get(place) ?? 0) + 1;
    counts.set(place, count);
    return count <= most[part];
  });
  const isEnough = (label: string): boolean =>
    parts.every((part) => (counts.get(`${part} ${label}`) ?? 0) >= fewest[part]);
  return counted.filter(({ label }) => isEnough(label));
}

/** Accuracy of always predicting the class that is commonest in training. */
function commonest(labeled: readonly Labeled[]): number {
  const counts = new Map<string, number>();
  for (const { label, part } of labeled)
    if (part === "train") counts.set(label, (counts.get(label) ?? 0) + 1);
  const [best] = [...counts].sort(([, a], [, b]) => b - a)[0] ?? [""];
  const test = labeled.filter(({ part }) => part === "test");
  return test.filter(({ label }) => label === best).length / Math.max(1, test.length);
}

import { createHash } from "node:crypto";
import { foldIn, keyOf, uniformAt } from "../../base/random.js";
import type { LabeledSample } from "../labeled-sample.js";

/** The same samples are held out in every run, and remain so when others are added. */
const own = foldIn(keyOf(0), "validation");

/**
 * Holds out a share of the samples, about as many as `fraction` says. A sample's key decides: the same ones are held out in
 * every run, and remain so when others are added. Of samples with the same image, or of the same texts without one, the key
 * of the first decides, so that none of what is held out is trained on.
 */
export function splitByKey(
  samples: readonly LabeledSample[],
  fraction: number,
): { readonly train: LabeledSample[]; readonly validation: LabeledSample[] } {
  const firsts = new Map<string, string>();
  const [train, validation]: [LabeledSample[], LabeledSample[]] = [[], []];
  for (const sample of samples) {
    const content = contentOf(sample);
    const key = firsts.get(content) ?? sample.key;
    firsts.set(content, key);
    (uniformAt(foldIn(own, key), 0) < fraction ? validation : train).push(sample);
  }
  return { train, validation };
}

/** The same for samples with the same image, in one place of a file or of the same bytes, or of the same texts without one. */
function contentOf({ key, image, text, textPair }: LabeledSample): string {
  const other = text === undefined && textPair === undefined ? { key } : [text, textPair];
  const content = image instanceof Uint8Array ? image : JSON.stringify(image ?? other);
  return createHash("sha256").update(content).digest("base64");
}

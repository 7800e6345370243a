import { foldIn, keyOf, uniformAt } from "../../base/random.js";
import type { LabeledSample } from "../labeled-sample.js";

/** The same samples are held out in every run, and remain so when others are added. */
const own = foldIn(keyOf(0), "validation");

/**
 * Holds out a share of the samples, about as many as `fraction` says. A sample's key decides: the same ones are held out in
 * every run, and remain so when others are added.
 */
export function splitByKey(
  samples: readonly LabeledSample[],
  fraction: number,
): { readonly train: LabeledSample[]; readonly validation: LabeledSample[] } {
  const isHeldOut = ({ key }: LabeledSample): boolean => uniformAt(foldIn(own, key), 0) < fraction;
  return {
    train: samples.filter((sample) => !isHeldOut(sample)),
    validation: samples.filter(isHeldOut),
  };
}

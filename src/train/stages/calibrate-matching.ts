/** Calibrates the matching head of a trained model on held-out pairs. */
import type { State } from "../../backend/state.js";
import type { Values } from "../../backend/values.js";
import { calibrationError } from "../../eval/metrics/calibration.js";
import { type Calibration, calibrated, fitCalibration } from "../../eval/metrics/platt-scaling.js";
import type { Judgments } from "./judged-pairs.js";
import type { Log } from "./stage.js";

const head = "parameters/heads/itm/classifier";

/** Fewer judgments say too little. */
const fewestJudgments = 32;

/**
 * Runs `write` while the matching head of `state` gives calibrated probabilities, then restores the head, so that training goes
 * on with what it learned. The logit of a match is linear in the head's last layer: dividing its weights and biases by the
 * temperature and adding the bias changes every model that reads the files, here and in transformers.
 */
export async function withCalibratedMatching(
  state: State,
  judgments: Judgments,
  log: Log,
  write: () => Promise<void>,
): Promise<void> {
  const calibration = calibrationOf(judgments, log);
  if (!calibration) return write();
  const weight = await state.read(`${head}/weight`);
  const bias = await state.read(`${head}/bias`);
  const scaled = (values: Values): Float32Array =>
    Float32Array.from(values, (value) => value / calibration.temperature);
  const [mismatch = 0, match = 0] = scaled(bias);
  const shift = calibration.bias / 2;
  try {
    state.write(`${head}/weight`, scaled(weight));
    state.write(`${head}/bias`, Float32Array.of(mismatch - shift, match + shift));
    await write();
  } finally {
    state.write(`${head}/weight`, weight);
    state.write(`${head}/bias`, bias);
  }
}

/** The calibration on all judgments. What it is worth is measured with one half of the pairs, fitted on the other. */
function calibrationOf({ logits, outcomes }: Judgments, log: Log): Calibration | undefined {
  const pairs = logits.length / 2;
  if (logits.length < fewestJudgments) {
    log(
      `Matching is not calibrated: that takes ${fewestJudgments / 2} validation pairs, and there are ${pairs}.`,
    );
    return undefined;
  }
  const whole = fitCalibration(logits, outcomes);
  const half =
    (parity: number) =>
    <T extends Float32Array | Uint8Array>(values: T): T =>
      values.filter((_, place) => (place >> 1) % 2 === parity) as T;
  const [fitted, judged] = [half(0), half(1)];
  const trial = fitCalibration(fitted(logits), fitted(outcomes));
  if (!whole || !trial) {
    log("Matching is not calibrated: on validation pairs the head does no better than guessing.");
    return undefined;
  }
  const errorOf = (calibration?: Calibration): string =>
    (100 * calibrationError(calibrated(judged(logits), calibration), judged(outcomes))).toFixed(1);
  log(
    `Matching is calibrated on ${pairs} validation pairs: temperature ${whole.temperature.toFixed(2)}, bias ` +
      `${whole.bias.toFixed(2)}; expected calibration error ${errorOf()} % before, ${errorOf(trial)} % after.`,
  );
  return whole;
}

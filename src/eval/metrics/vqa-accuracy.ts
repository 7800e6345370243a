/** The accuracy of visual question answering, where ten people answered each question (Antol et al. 2015). */
import { normalizedAnswer, trimmedAnswer } from "./vqa-answer.js";

/**
 * The accuracy of an answer, from 0 to 1: min(1, n / 3) if n people gave it, averaged over the subsets that leave one person
 * out (flava.md 8.3). Answers are compared normalized, but as they are if all people agree, like VQA's own scorer.
 *
 * @param answers of the people who were asked; at least one
 */
export function vqaAccuracy(answer: string, answers: readonly string[]): number {
  const given = answers.map(trimmedAnswer);
  const formOf = new Set(given).size > 1 ? normalizedAnswer : trimmedAnswer;
  const own = formOf(answer);
  return scoreOf(given.filter((other) => formOf(other) === own).length, given.length);
}

/**
 * The accuracy that each distinct normalized answer would get: soft targets for training.
 *
 * @example
 * import { softAnswers } from "flava/eval";
 *
 * softAnswers(["yes", "yes", "no"]); // yes: 2 of 3 people, no: 1 of 3
 */
export function softAnswers(answers: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const answer of answers.map(normalizedAnswer)) {
    counts.set(answer, (counts.get(answer) ?? 0) + 1);
  }
  return new Map([...counts].map(([answer, count]) => [answer, scoreOf(count, answers.length)]));
}

/** The mean of min(1, n / 3) over the subsets without one person, of whom `count` of `total` gave the answer. */
function scoreOf(count: number, total: number): number {
  if (total === 0) throw new RangeError("VQA accuracy needs at least one person's answer.");
  const [with1, without1] = [Math.min(1, (count - 1) / 3), Math.min(1, count / 3)];
  return (count * Math.max(0, with1) + (total - count) * without1) / total;
}

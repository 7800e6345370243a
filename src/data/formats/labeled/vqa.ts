/** Questions on COCO's images, answered by ten people each (VQAv2). */
import type { LabeledSample } from "../../labeled-sample.js";
import type { LabeledSource } from "../../labeled-source.js";
import { SourceError } from "../source-error.js";
import type { ImageFinder } from "./image-finder.js";
import { type JsonObject, jsonItems } from "../json-items.js";

export interface VqaFiles {
  /** Such as v2_OpenEnded_mscoco_val2014_questions.json. */
  readonly questions: string;
  /** Such as v2_mscoco_val2014_annotations.json; in the order of the questions. */
  readonly annotations: string;
  /** Finds the images. */
  readonly find: ImageFinder;
  /** The name by which the image of a number is found. */
  readonly nameOf: (image: number) => string;
}

/**
 * The questions of a part, with the answers and their scores.
 * @param scoresOf the score of each answer, from those of all people
 * @throws SourceError if questions and annotations do not belong together
 */
export async function vqaQuestions(
  files: VqaFiles,
  scoresOf: (answers: readonly string[]) => ReadonlyMap<string, number>,
): Promise<LabeledSource> {
  const { questions, annotations } = files;
  let samples = 0;
  const all = jsonItems(questions, "questions");
  while (!(await all.next()).done) samples++;
  return {
    name: questions,
    samples,
    async *read(skipped) {
      const answered = jsonItems(annotations, "annotations");
      for await (const question of jsonItems(questions, "questions")) {
        const answer = (await answered.next()) as IteratorResult<JsonObject, undefined>;
        const { name, ...sample } = answeredBy(files, question, answer.value, scoresOf);
        const image = await files.find(name);
        if (image) yield { ...sample, image };
        else
          skipped?.add(
            { ...sample, where: `question ${sample.key}` },
            "missing",
            `there is no ${name}.`,
          );
      }
    },
  };
}

/** The question with the scores of its answers, and the name of its image. */
function answeredBy(
  { questions, annotations, nameOf }: VqaFiles,
  { question_id: id, image_id: image, question }: JsonObject,
  annotation: JsonObject | undefined,
  scoresOf: (answers: readonly string[]) => ReadonlyMap<string, number>,
): LabeledSample & { readonly name: string } {
  if (typeof id !== "number" || typeof image !== "number" || typeof question !== "string")
    throw new SourceError(`${questions} has a question without question_id, image_id or text.`);
  if (annotation?.question_id !== id)
    throw new SourceError(
      `${annotations} does not answer question ${id} where ${questions} asks it: the files belong to different parts.`,
    );
  const answers = answersOf(annotations, annotation);
  const scores = Object.fromEntries(scoresOf(answers));
  return {
    key: String(id),
    name: nameOf(image),
    text: question,
    target: { kind: "scores", scores, answers },
  };
}

function answersOf(path: string, { question_id, answers }: JsonObject): string[] {
  const list: unknown[] = Array.isArray(answers) ? answers : [];
  const texts = list.map((each) => (each as { readonly answer?: unknown } | null)?.answer);
  if (texts.length > 0 && texts.every((text) => typeof text === "string")) return texts;
  throw new SourceError(`${path}, question ${String(question_id)}: expected a list of answers.`);
}

/**
 * The answers that most people gave to at least `minimum` questions, most frequent first: with 9, and both labeled parts of
 * VQAv2, these are the usual 3,129.
 * @param annotations files of annotations
 * @param normalized the form in which answers are compared
 */
export async function frequentAnswers(
  annotations: readonly string[],
  normalized: (answer: string) => string,
  minimum = 9,
): Promise<string[]> {
  const counts = new Map<string, number>();
  for (const path of annotations)
    for await (const { multiple_choice_answer: answer } of jsonItems(path, "annotations")) {
      if (typeof answer !== "string")
        throw new SourceError(`${path} has an annotation without multiple_choice_answer.`);
      const form = normalized(answer);
      counts.set(form, (counts.get(form) ?? 0) + 1);
    }
  const frequent = [...counts].filter(([, count]) => count >= minimum);
  return frequent.sort((a, b) => b[1] - a[1]).map(([answer]) => answer);
}

/** Generated questions on icons with one right answer, in VQA v2's format of questions and annotations. */
import sharp from "sharp";
import { seededUnit } from "../seeded.js";
import { balanced, bestGuess } from "./balance.js";
import { type BuiltPair, builtPairs } from "./built-pairs.js";
import type { EvaluationContext } from "./context.js";
import { type Asked, questionsOn, wordings } from "./question-families.js";
import { SetFolder, type SetReport } from "./set-folder.js";

type Part = "train" | "test";

interface Question extends Asked {
  readonly pair: BuiltPair;
  readonly text: string;
}

/** Maximum number of questions of one family with one answer (and subject). */
const mostAlike = { train: 150, test: 40 } as const;
const testSets = new Set(["ph", "carbon", "game-icons", "openmoji"]);
/** Colors of test images; names as in training, with different shades. */
const testColors: Readonly<Record<string, readonly [number, number, number]>> = {
  red: [208, 24, 40],
  green: [40, 150, 60],
  blue: [40, 90, 210],
  yellow: [240, 200, 20],
  orange: [240, 130, 30],
  purple: [140, 50, 190],
  pink: [235, 110, 175],
  brown: [115, 70, 35],
};

/** Writes the set "picture-questions": images as shards in train/ and test/, questions and annotations as JSON. */
export async function* buildImageQuestions(context: EvaluationContext): AsyncGenerator<SetReport> {
  const folder = await SetFolder.begin(context.directory, "picture-questions");
  const counts: Record<string, number> = {};
  const baselines: Record<string, number> = {};
  for (const part of ["train", "test"] as const) {
    const questions = await questionsOf(part, context);
    await writePart(folder, part, questions);
    counts[`${part} questions`] = questions.length;
    if (part === "train") continue;
    baselines["question only, best possible"] = bestGuess(questions, textOf, answerOf);
    for (const family of Object.keys(wordings)) {
      const own = questions.filter((question) => question.family === family);
      if (own.length > 0) {
        counts[`test: ${family}`] = own.length;
        baselines[`question only: ${family}`] = bestGuess(own, textOf, answerOf);
      }
    }
  }
  const report = await folder.finish({
    task: "Answer a question about an image",
    kind: "picture questions",
    source: "names, styles and colors of icons",
    splitRule:
      "test images are of held-out families, test questions in a wording that training does not have; in each part every " +
      "answer of a question is right equally often",
    synthetic: true,
    baselines,
    counts,
  });
  if (report) yield report;
  else context.onMessage("picture-questions is left out: no icons are built.");
}

const textOf = ({ text }: Question): string => text;
const answerOf = ({ answer }: Question): string => answer;

async function questionsOf(part: Part, context: EvaluationContext): Promise<Question[]> {
  const pairs: BuiltPair[] = [];
  for (const source of ["icons", "emoji"] as const) {
    for await (const pair of builtPairs(context.cache, source, part))
      if (part === "train" || testSets.has(pair.fields.set)) pairs.push(pair);
  }
  const own = new Set(pairs.map(({ fields }) => `${fields.set} ${fields.concept}`));
  const all = pairs.flatMap((pair) => {
    const isThing = (concept: string): boolean => own.has(`${pair.fields.set} ${concept}`);
    const isClass = (concept: string): boolean =>
      context.nouns.has(concept) && context.concepts.families(concept) >= 10;
    const asked = questionsOn(pair, isThing, isClass);
    if (part === "test") asked.push(...colorQuestion(pair));
    return asked.map((each) => ({ ...each, pair, text: worded(each, pair.key, part) }));
  });
  return balanceAll(all, part);
}

/** Every fourth image of Phosphor gets a color and a question about it. */
function colorQuestion({ key, fields }: BuiltPair): Asked[] {
  if (fields.set !== "ph" || seededUnit("asked for colour", key) > 0.25) return [];
  const names = Object.keys(testColors);
  return [
    { family: "color", answer: names[Math.floor(seededUnit("test colour", key) * names.length)]! },
  ];
}

function worded({ family, subject = "" }: Asked, key: string, part: Part): string {
  const { train, test } = wordings[family];
  const choice = train[Math.floor(seededUnit(`wording ${family}`, key) * train.length)]!;
  return (part === "test" ? test : choice).replace("{}", subject);
}

/** Subjects with both answers in "crossed out"; in the other families, equally many answers for each wording. */
function balanceAll(questions: readonly Question[], part: Part): Question[] {
  const most = mostAlike[part];
  const crossed = questions.filter(({ family }) => family === "crossed out");
  const others = questions.filter(({ family }) => family !== "crossed out" && family !== "object");
  const objects = questions.filter(({ family }) => family === "object");
  // One image per answer and wording: more would only repeat it.
  return [
    ...balanced(crossed, textOf, answerOf, part === "test" ? 3 : 2, ["yes", "no"]),
    ...balanced(others, textOf, answerOf, most),
    ...balanced(objects, textOf, answerOf, part === "test" ? 1 : 3),
  ];
}

async function writePart(
  folder: SetFolder,
  part: Part,
  questions: readonly Question[],
): Promise<void> {
  const ids = new Map<string, number>();
  const rows: { image_id: number; question_id: number; question: Question }[] = [];
  for (const question of questions) {
    const { pair, family, answer } = question;
    const rgb = part === "test" && family === "color" ? testColors[answer] : undefined;
    const name = rgb ? `${pair.key} ${answer}` : pair.key;
    let id = ids.get(name);
    if (id === undefined) {
      id = ids.size + 1;
      ids.set(name, id);
      const image = rgb ? await recolored(pair.image, rgb) : pair.image;
      const { set, concept, license, author } = pair.fields;
      const fields = {
        icon: pair.key,
        set,
        concept,
        license,
        ...(author !== undefined && { author }),
      };
      await folder.add({ key: String(id).padStart(12, "0"), image, texts: [], fields }, part);
    }
    rows.push({ image_id: id, question_id: rows.length + 1, question });
  }
  const about = {
    info: { description: "made by a program out of the names of icons" },
    data_subtype: part,
  };
  await folder.write(
    `questions-${part}.json`,
    JSON.stringify({
      ...about,
      task_type: "Open-Ended",
      questions: rows.map(({ image_id, question_id, question }) => ({
        image_id,
        question_id,
        question: question.text,
      })),
    }),
  );
  await folder.write(
    `annotations-${part}.json`,
    JSON.stringify({ ...about, annotations: rows.map(annotation) }),
  );
}

/** VQA v2 has ten people's answers to each question; here they agree. */
function annotation(row: { image_id: number; question_id: number; question: Question }): unknown {
  const { image_id, question_id, question } = row;
  const { answer, family } = question;
  return {
    image_id,
    question_id,
    question_type: family,
    answer_type: /^(yes|no)$/.test(answer) ? "yes/no" : /^\d+$/.test(answer) ? "number" : "other",
    multiple_choice_answer: answer,
    answers: Array.from({ length: 10 }, (_, index) => ({
      answer,
      answer_confidence: "yes",
      answer_id: index + 1,
    })),
  };
}

/** A black drawing on white in another color. */
async function recolored(
  image: Uint8Array,
  color: readonly [number, number, number],
): Promise<Uint8Array> {
  const { data, info } = await sharp(image)
    .removeAlpha()
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  for (let at = 0; at < data.length; at++) {
    const ink = color[at % 3]!;
    data[at] = Math.round(ink + ((255 - ink) * data[at]!) / 255);
  }
  const { width, height, channels } = info;
  return sharp(data, { raw: { width, height, channels } }).webp({ lossless: true }).toBuffer();
}

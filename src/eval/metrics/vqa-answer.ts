/**
 * The form in which VQA compares answers: GT-Vision-Lab/VQA, PythonEvaluationTools/vqaEvaluation/vqaEval.py, whose quirks
 * decide published numbers and are kept on purpose.
 */

const punctuation = ';/[]"{}()=+\\_-><@`,?!'.split("");
const commaInNumber = /\d,\d/;
/** A period that no digit follows. The original also means to spare one after a digit, but its pattern does not. */
const period = /\.(?!\d)/g;
/** The original passes a flag, whose value is 32, in the place of a limit. */
const mostPeriods = 32;

const numbers = new Map(
  ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"].map(
    (word, number) => [word, String(number)],
  ),
).set("none", "0");

const articles = new Set(["a", "an", "the"]);

/** Words with apostrophes; they are found if one of these is missing. */
const contracted = (
  "ain't aren't can't could've couldn't couldn't've didn't doesn't don't hadn't hadn't've hasn't haven't he'd he'd've he's " +
  "how'd how'll how's isn't it'd it'd've it'll ma'am mightn't mightn't've might've mustn't must've needn't not've o'clock " +
  "oughtn't 'ow's'at shan't she'd've should've shouldn't shouldn't've somebody'd've somebody'll somebody's someone'd " +
  "someone'd've someone'll someone's something'd something'd've something'll that's there'd there'd've there're there's " +
  "they'd they'd've they'll they're they've 'twas wasn't we'd've we've weren't what'll what're what's what've when's " +
  "where'd where's where've who'd who'd've who'll who's who've why'll why're why's won't would've wouldn't wouldn't've " +
  "y'all y'all'll y'all'd've you'd you'd've you'll you're you've"
).split(" ");

const contractions = new Map([
  ...contracted.flatMap((word) =>
    withoutOneApostrophe(word).map((short) => [short, word] as const),
  ),
  ["somebody'd", "somebodyd"], // the wrong way round in the original
]);

function withoutOneApostrophe(word: string): string[] {
  const places = [...word.matchAll(/'/g)].map(({ index }) => index);
  return places.map((place) => word.slice(0, place) + word.slice(place + 1));
}

/**
 * An answer in the form that is compared: lowercase, without articles and punctuation, number words up to ten as digits,
 * contractions with their apostrophe.
 *
 * @example
 * import { normalizedAnswer } from "flava/eval";
 *
 * normalizedAnswer("The two dogs dont."); // "2 dogs don't"
 */
export function normalizedAnswer(answer: string): string {
  const words = withoutPunctuation(trimmedAnswer(answer)).toLowerCase().split(/\s+/);
  return words
    .map((word) => numbers.get(word) ?? word)
    .filter((word) => word !== "" && !articles.has(word))
    .map((word) => contractions.get(word) ?? word)
    .join(" ");
}

/** An answer on one line, without spaces around it. */
export function trimmedAnswer(answer: string): string {
  return answer.replace(/[\n\t]/g, " ").trim();
}

/**
 * Removes each mark if it stands beside a space anywhere in the answer, or if the answer has a number such as 1,000; else puts
 * a space in its place.
 */
function withoutPunctuation(answer: string): string {
  const hasNumber = commaInNumber.test(answer);
  let text = answer;
  for (const mark of punctuation) {
    const isLoose = hasNumber || answer.includes(`${mark} `) || answer.includes(` ${mark}`);
    text = text.replaceAll(mark, isLoose ? "" : " ");
  }
  let removed = 0;
  return text.replace(period, (found) => (removed++ < mostPeriods ? "" : found));
}

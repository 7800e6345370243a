import { below, foldIn, keyOf, uniformAt } from "../base/random.js";

const alphabet = " abcdefghijklmnopqrstuvwxyz.,;!?'\"-0123456789\n";
/** How the mask is shown. */
export const mask = "_";
/** Characters that the model tells apart. */
export const alphabetSize = alphabet.length;
/** The id that hides a character from the model. */
export const maskId = alphabetSize;

/** Text as character ids: lower case, with what the alphabet lacks as blanks. */
export function toLetters(text: string): Uint8Array {
  return Uint8Array.from(text.toLowerCase().replaceAll("—", "-"), (character) =>
    Math.max(alphabet.indexOf(character), 0),
  );
}

export interface MaskedBatch {
  /** [B, L] with some characters hidden by the mask. */
  readonly ids: Int32Array;
  /** Positions in the flattened batch at which a character is hidden, [N]. */
  readonly positions: Int32Array;
  /** The hidden characters, [N]. */
  readonly labels: Int32Array;
}

/** Windows of the text at random places, with 15 % of the characters hidden; `draw` numbers the batch. */
export function drawBatch(
  text: Uint8Array,
  { batch, length }: { readonly batch: number; readonly length: number },
  draw: number,
): MaskedBatch {
  const key = foldIn(keyOf(1), draw);
  const ids = new Int32Array(batch * length);
  for (let sample = 0; sample < batch; sample++) {
    const start = below(foldIn(key, sample), text.length - length);
    ids.set(text.subarray(start, start + length), sample * length);
  }
  const count = hiddenCount({ batch, length });
  const ranked = Array.from(ids.keys(), (index) => [uniformAt(key, index), index] as const);
  ranked.sort(([a], [b]) => a - b);
  const positions = Int32Array.from(ranked.slice(0, count), ([, index]) => index).sort();
  const labels = positions.map((position) => ids[position] ?? 0);
  for (const position of positions) ids[position] = maskId;
  return { ids, positions, labels };
}

/** How many characters of a batch are hidden. */
export function hiddenCount({
  batch,
  length,
}: {
  readonly batch: number;
  readonly length: number;
}): number {
  return Math.round(0.15 * batch * length);
}

/** A sample of a batch as it was given, and with the guesses filled in as capitals. */
export function showMasked(
  { ids, positions }: MaskedBatch,
  guesses: Int32Array,
  length: number,
  sample: number,
): { hidden: string; filled: string } {
  const start = sample * length;
  const shown = (id: number): string => alphabet[id]?.replace("\n", " ") ?? mask;
  const hidden = Array.from(ids.subarray(start, start + length), shown);
  const filled = [...hidden];
  for (const [index, position] of positions.entries()) {
    const inside = position >= start && position < start + length;
    if (inside) filled[position - start] = shown(guesses[index] ?? 0).toUpperCase();
  }
  return { hidden: hidden.join(""), filled: filled.join("") };
}

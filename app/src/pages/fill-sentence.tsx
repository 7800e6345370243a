import type { JSX } from "preact";
import { useId, useRef, useState } from "preact/hooks";
import { type FilledText, fillText } from "../api/model.js";
import { Bars } from "../parts/bars.js";
import type { ChosenImage } from "../parts/image-file.js";
import { Answered, Empty } from "../parts/notice.js";
import { useKept } from "../parts/use-kept.js";
import { typingPause, useRequest } from "../parts/use-request.js";

const mask = "[MASK]";
const firstSentence = "an icon of a [MASK]";

interface FillSentenceProps {
  /** Read together with the sentence, if the reader wishes. */
  readonly image: ChosenImage | undefined;
}

export function FillSentence({ image }: FillSentenceProps): JSX.Element {
  const id = useId();
  const field = useRef<HTMLInputElement>(null);
  const [sentence, setSentence] = useKept("fill sentence", firstSentence);
  const [usesImage, setUsesImage] = useState(true);
  const seen = usesImage ? image?.url : undefined;
  const hasMask = sentence.includes(mask);
  const answer = useRequest(
    hasMask ? (signal) => fillText(sentence, seen, { signal }) : undefined,
    [sentence, seen],
    typingPause,
  );
  const insert = (): void => {
    const { selectionStart, selectionEnd } = field.current!;
    const [from, to] = [selectionStart ?? sentence.length, selectionEnd ?? sentence.length];
    setSentence(`${sentence.slice(0, from)}${mask}${sentence.slice(to)}`);
    field.current!.focus();
  };
  return (
    <section aria-labelledby={`${id}-title`}>
      <h2 id={`${id}-title`}>Hidden words</h2>
      <div class="card">
        <div class="field">
          <label for={id}>Sentence</label>
          <div class="with-button">
            <input
              id={id}
              ref={field}
              value={sentence}
              autocomplete="off"
              spellcheck={false}
              onInput={({ currentTarget }) => setSentence(currentTarget.value)}
            />
            <button type="button" class="button" onClick={insert}>
              Insert {mask}
            </button>
          </div>
        </div>
        {image && <UseImage isUsed={usesImage} onChange={setUsesImage} />}
        {hasMask ? (
          <Answered answer={answer} waiting="Reading…">
            {(filled) => <Candidates filled={filled} />}
          </Answered>
        ) : (
          <Empty title="No hidden word">
            <p>
              Write {mask} in place of a word, or select the word and press Insert {mask}.
            </p>
          </Empty>
        )}
      </div>
    </section>
  );
}

interface UseImageProps {
  readonly isUsed: boolean;
  readonly onChange: (isUsed: boolean) => void;
}

const UseImage = ({ isUsed, onChange }: UseImageProps): JSX.Element => (
  <label class="check">
    <input
      type="checkbox"
      checked={isUsed}
      onChange={({ currentTarget }) => onChange(currentTarget.checked)}
    />
    Read together with the image
  </label>
);

const Candidates = ({ filled }: { readonly filled: FilledText }): JSX.Element => (
  <>
    <p class="sentence" role="status">
      {filled.text}
    </p>
    <div class="masks">
      {filled.masks.map((candidates, index) => (
        <div key={index}>
          <h3>{filled.masks.length > 1 ? `Mask ${index + 1}` : "Candidates"}</h3>
          <Bars
            title={`Candidates for mask ${index + 1}`}
            isRelative
            bars={candidates.map(({ piece, probability }) => ({
              label: piece,
              share: probability,
            }))}
          />
        </div>
      ))}
    </div>
  </>
);

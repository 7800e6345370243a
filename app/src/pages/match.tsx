import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { match } from "../api/model.js";
import { RefusedError } from "../api/request.js";
import { percent } from "../parts/figures.js";
import { ImageField } from "../parts/image-field.js";
import type { ChosenImage } from "../parts/image-file.js";
import { Answered, Empty } from "../parts/notice.js";
import { PageHead } from "../parts/page-head.js";
import { useKept } from "../parts/use-kept.js";
import { typingPause, useRequest } from "../parts/use-request.js";

const firstTexts = "an icon of a heart\na bicycle\na house with a roof";

export function MatchPage(): JSX.Element {
  const id = useId();
  const [images, setImages] = useKept<readonly ChosenImage[]>("match images", []);
  const [typed, setTyped] = useKept("match texts", firstTexts);
  const texts = [...new Set(typed.split("\n").map((line) => line.trim()))].filter(Boolean);
  const isComplete = images.length > 0 && texts.length > 0;
  const asked = { images, texts };
  const answer = useRequest(
    isComplete
      ? async (signal) => ({
          ...asked,
          probabilities: await match(
            images.map(({ url }) => url),
            texts,
            { signal },
          ).catch((error: unknown) => {
            throw withName(error, images);
          }),
        })
      : undefined,
    [images, texts.join("\n")],
    typingPause,
  );
  return (
    <>
      <PageHead title="Match">
        The model reads each image together with each text, and says how likely they belong
        together.
      </PageHead>
      <div class="split">
        <ImageField label="Images" images={images} many onChange={setImages} />
        <div class="field">
          <label for={id}>Texts, one per line</label>
          <textarea
            id={id}
            rows={6}
            value={typed}
            onInput={({ currentTarget }) => setTyped(currentTarget.value)}
          />
        </div>
      </div>
      <section aria-label="Result" class="card result">
        {isComplete ? (
          <Answered answer={answer} waiting="Matching…">
            {(result) => <MatchGrid {...result} />}
          </Answered>
        ) : (
          <Empty title={images.length > 0 ? "No texts yet" : "No images yet"}>
            <p>
              {images.length > 0
                ? "Type at least one text."
                : "Choose one or more images, or try the examples."}
            </p>
          </Empty>
        )}
      </section>
    </>
  );
}

/** A fault of one of the images, which it then names. */
function withName(error: unknown, images: readonly ChosenImage[]): unknown {
  if (!(error instanceof RefusedError)) return error;
  const index = /^images\[(\d+)\]/.exec(error.param ?? "")?.[1];
  const name = index === undefined ? undefined : images[Number(index)]?.name;
  if (name === undefined) return error;
  return new RefusedError(`${name}: ${error.message}`, error.status, error.param);
}

interface MatchGridProps {
  readonly images: readonly ChosenImage[];
  readonly texts: readonly string[];
  /** A row for each image. */
  readonly probabilities: readonly (readonly number[])[];
}

/** Texts by images; the text that matches an image best is marked. */
const MatchGrid = ({ images, texts, probabilities }: MatchGridProps): JSX.Element => (
  <>
    <div class="scroll" role="region" aria-label="Probabilities of matching" tabIndex={0}>
      <table class="match-grid">
        <thead>
          <tr>
            <td />
            {images.map(({ name, url }, index) => (
              <th key={index} scope="col">
                <img src={url} alt={name} />
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {texts.map((text, row) => (
            <tr key={text}>
              <th scope="row">{text}</th>
              {images.map((_, column) => {
                const own = probabilities[column]!;
                const share = own[row]!;
                const isBest = texts.length > 1 && share === Math.max(...own);
                return (
                  <td
                    key={column}
                    class={isBest ? "best" : ""}
                    style={{ "--share": share.toFixed(3) }}
                  >
                    {percent(share, 0)}
                    {isBest && <span class="visually-hidden"> best for this image</span>}
                  </td>
                );
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
    <p class="hint">
      Framed: the text that matches the image best. Compare texts rather than rely on one
      probability.
    </p>
  </>
);

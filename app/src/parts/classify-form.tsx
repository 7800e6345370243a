import type { JSX } from "preact";
import { Bars } from "./bars.js";
import { ChipsField } from "./chips-field.js";
import { ImageField } from "./image-field.js";
import type { ChosenImage } from "./image-file.js";
import { Answered, Empty } from "./notice.js";
import { useKept } from "./use-kept.js";
import { typingPause, useRequest } from "./use-request.js";

const firstLabels = ["bicycle", "camera", "cat", "heart", "house", "umbrella"];

interface ClassifyFormProps {
  /** Whose image and labels it has. */
  readonly page: string;
  /** Gives the labels with their probabilities, best first; undefined while it cannot. */
  readonly classify:
    | ((
        image: ChosenImage,
        labels: readonly string[],
        signal: AbortSignal,
      ) => Promise<readonly { readonly label: string; readonly probability: number }[]>)
    | undefined;
}

/** An image, labels, and how well each of them fits. */
export function ClassifyForm({ page, classify }: ClassifyFormProps): JSX.Element {
  const [images, setImages] = useKept<readonly ChosenImage[]>(`${page} images`, []);
  const [labels, setLabels] = useKept<readonly string[]>(`${page} labels`, firstLabels);
  const [image] = images;
  const isComplete = image !== undefined && labels.length > 0;
  const answer = useRequest(
    isComplete && classify ? (signal) => classify(image, labels, signal) : undefined,
    [image, labels, classify],
    typingPause,
  );
  return (
    <div class="split">
      <section aria-label="Input">
        <ImageField label="Image" images={images} onChange={setImages} />
        <ChipsField
          label="Labels"
          placeholder="Add a label"
          hint="Press Enter after each label. The probabilities of all labels sum to 100 %."
          chips={labels}
          onChange={setLabels}
        />
      </section>
      <section aria-label="Result" class="card result">
        {isComplete ? (
          <Answered answer={answer} waiting="Classifying…">
            {(ranked) => (
              <Bars
                title="Probabilities of the labels"
                bars={ranked.map(({ label, probability }) => ({ label, share: probability }))}
              />
            )}
          </Answered>
        ) : (
          <Empty title={image ? "No labels yet" : "No image yet"}>
            <p>{image ? "Add at least one label." : "Choose an image, or try an example."}</p>
          </Empty>
        )}
      </section>
    </div>
  );
}

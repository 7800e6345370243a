import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { classify } from "../api/model.js";
import { Bars } from "../parts/bars.js";
import { ChipsField } from "../parts/chips-field.js";
import { ImageField } from "../parts/image-field.js";
import type { ChosenImage } from "../parts/image-file.js";
import { Answered, Empty } from "../parts/notice.js";
import { PageHead } from "../parts/page-head.js";
import { typingPause, useRequest } from "../parts/use-request.js";

const firstLabels = ["bicycle", "camera", "cat", "heart", "house", "umbrella"];

export function ClassifyPage(): JSX.Element {
  const [images, setImages] = useState<readonly ChosenImage[]>([]);
  const [labels, setLabels] = useState<readonly string[]>(firstLabels);
  const [image] = images;
  const isComplete = image !== undefined && labels.length > 0;
  const answer = useRequest(
    isComplete ? (signal) => classify(image.url, labels, { signal }) : undefined,
    [image, labels],
    typingPause,
  );
  return (
    <>
      <PageHead title="Classify">
        Which of your labels fits the image? The model need not have been trained on them.
      </PageHead>
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
    </>
  );
}

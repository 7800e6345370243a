import type { JSX } from "preact";
import { classify } from "../api/model.js";
import { ClassifyForm } from "../parts/classify-form.js";
import type { ChosenImage } from "../parts/image-file.js";
import { PageHead } from "../parts/page-head.js";

export const ClassifyPage = (): JSX.Element => (
  <>
    <PageHead title="Classify">
      Which of your labels fits the image? The model need not have been trained on them.
    </PageHead>
    <ClassifyForm page="classify" classify={byServer} />
  </>
);

const byServer = (
  image: ChosenImage,
  labels: readonly string[],
  signal: AbortSignal,
): ReturnType<typeof classify> => classify(image.url, labels, { signal });

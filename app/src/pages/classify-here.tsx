import type { JSX } from "preact";
import { useCallback } from "preact/hooks";
import { ClassifyForm } from "../parts/classify-form.js";
import { type ChosenImage, blobOf } from "../parts/image-file.js";
import { ModelNotice } from "../parts/opening-model.js";
import { PageHead } from "../parts/page-head.js";
import { useModel } from "../tab/use-model.js";

export function ClassifyHerePage(): JSX.Element {
  const opening = useModel();
  const { model } = opening;
  const classify = useCallback(
    (image: ChosenImage, labels: readonly string[]) => model!.classify(blobOf(image.url), labels),
    [model],
  );
  return (
    <>
      <PageHead title="Classify here">
        Which of your labels fits the image? The model runs in this tab: nothing is uploaded.
      </PageHead>
      <ModelNotice opening={opening} />
      <ClassifyForm page="classify-here" classify={model && classify} />
    </>
  );
}

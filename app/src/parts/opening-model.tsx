import type { JSX } from "preact";
import { bytes } from "./figures.js";
import { Fault, Waiting } from "./notice.js";
import type { OpeningModel } from "../tab/use-model.js";
import { Computes } from "./computes.js";

interface ModelNoticeProps {
  readonly opening: OpeningModel;
}

/** What computes in the tab; before, how far opening the model has come; and a way to open it again where it failed. */
export const ModelNotice = ({ opening }: ModelNoticeProps): JSX.Element => (
  <div class="model-notice">
    <Notice opening={opening} />
  </div>
);

function Notice({
  opening: { model, loaded, total, fault, openAgain },
}: ModelNoticeProps): JSX.Element {
  if (model) return <Computes backend={model.facts.backend} />;
  if (fault) {
    return (
      <>
        <Fault error={fault} />
        <button type="button" class="button" onClick={openAgain}>
          Load the model again
        </button>
      </>
    );
  }
  if (total === 0 || loaded === total) return <Waiting text="Opening the model…" />;
  return (
    <div class="progress">
      <progress max={total} value={loaded} aria-label="Progress of loading the model" />
      <span>
        loading the model: {bytes(loaded)} of {bytes(total)}
      </span>
    </div>
  );
}

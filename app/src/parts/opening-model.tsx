import type { JSX } from "preact";
import { bytes } from "./figures.js";
import { Fault, Waiting } from "./notice.js";
import type { OpeningModel } from "../tab/use-model.js";

/** What there is to say while the tab's model is being opened, or where it cannot be. */
export function ModelNotice({
  opening: { model, loaded, total, fault },
}: {
  readonly opening: OpeningModel;
}): JSX.Element {
  if (model) return <></>;
  if (fault) return <Fault error={fault} />;
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

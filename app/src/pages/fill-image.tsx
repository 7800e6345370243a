import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { fillImage } from "../api/model.js";
import type { ChosenImage } from "../parts/image-file.js";
import { Answered, Empty } from "../parts/notice.js";
import { PatchGrid } from "../parts/patch-grid.js";
import { typingPause, useRequest } from "../parts/use-request.js";

interface GridSize {
  readonly width: number;
  readonly height: number;
}

interface FillImageProps {
  readonly image: ChosenImage;
  /** Patches in a row and in a column. */
  readonly size: GridSize;
}

/** The image with patches to hide, beside the image that the model makes of the others. */
export function FillImage({ image, size }: FillImageProps): JSX.Element {
  const [hidden, setHidden] = useState<ReadonlySet<number>>(() => middleOf(size));
  const answer = useRequest(
    hidden.size > 0 ? (signal) => fillImage(image.url, [...hidden], { signal }) : undefined,
    [image, hidden],
    typingPause,
  );
  return (
    <div class="card">
      <div class="pair">
        <figure>
          <PatchGrid image={image.url} size={size} hidden={hidden} onChange={setHidden} />
          <figcaption>
            What the model sees: {size.width * size.height - hidden.size} of{" "}
            {size.width * size.height} patches
          </figcaption>
        </figure>
        <figure>
          {hidden.size > 0 ? (
            <Answered answer={answer} waiting="Drawing…">
              {({ image: drawn }) =>
                drawn === undefined ? (
                  <Empty title="No drawing">
                    <p>
                      This model has no codebook decoder, which turns visual tokens into pixels.
                    </p>
                  </Empty>
                ) : (
                  <img class="drawn" src={drawn} alt={`${image.name}, as completed by the model`} />
                )
              }
            </Answered>
          ) : (
            <Empty title="Nothing is hidden">
              <p>Click on patches of the image to hide them.</p>
            </Empty>
          )}
          <figcaption>What it thinks is there, drawn from its visual tokens</figcaption>
        </figure>
        <div class="controls">
          <div class="actions">
            <button type="button" class="button" onClick={() => setHidden(middleOf(size))}>
              Hide the middle
            </button>
            <button type="button" class="button" onClick={() => setHidden(someOf(size))}>
              Hide 40 % at random
            </button>
            <button type="button" class="button" onClick={() => setHidden(new Set())}>
              Show all
            </button>
          </div>
          <p class="hint">
            Click or drag over patches to hide or show them. By keyboard: arrows move, Space hides
            or shows.
          </p>
        </div>
      </div>
    </div>
  );
}

const patchesOf = ({ width, height }: GridSize): number[] => [...Array(width * height).keys()];

/** The patches in the middle, half as wide and half as high as the image. */
function middleOf(size: GridSize): Set<number> {
  const isInner = (at: number, count: number): boolean =>
    at >= Math.floor(count / 4) && at < Math.ceil((3 * count) / 4);
  return new Set(
    patchesOf(size).filter(
      (patch) =>
        isInner(patch % size.width, size.width) &&
        isInner(Math.floor(patch / size.width), size.height),
    ),
  );
}

/** The share of patches that FLAVA hides in training. */
const hiddenShare = 0.4;

function someOf(size: GridSize): Set<number> {
  const lots = patchesOf(size).map((patch) => ({ patch, lot: Math.random() }));
  lots.sort((a, b) => a.lot - b.lot);
  return new Set(lots.slice(0, Math.round(hiddenShare * lots.length)).map(({ patch }) => patch));
}

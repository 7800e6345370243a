import type { JSX } from "preact";
import { useId } from "preact/hooks";
import { ChipsField } from "../parts/chips-field.js";
import { ImageField } from "../parts/image-field.js";
import { TextField } from "../parts/text-field.js";
import { type Sought, reranked } from "./search-query.js";

interface SearchFieldsProps {
  readonly sought: Sought;
  /** Whether the model has a matching head. */
  readonly canMatch: boolean;
  readonly onChange: (part: Partial<Sought>) => void;
}

export function SearchFields({ sought, canMatch, onChange }: SearchFieldsProps): JSX.Element {
  const { text, without, filters, images, imageWeight, isReranked } = sought;
  const hasText = text.trim() !== "";
  return (
    <div class="split">
      <div class="stack">
        <TextField
          label="Text"
          example="an icon of a heart"
          value={text}
          onChange={(value) => onChange({ text: value })}
        />
        <TextField
          label="But not"
          example="a broken heart"
          value={without}
          onChange={(value) => onChange({ without: value })}
        />
        <ChipsField
          label="Filter"
          placeholder="label=heart"
          hint="Press Enter after each. Only images with this label, field, key, path or text are found."
          chips={filters}
          hasCommas
          onChange={(chips) => onChange({ filters: chips })}
        />
        {hasText && canMatch && (
          <Reranking
            isReranked={isReranked}
            onChange={(chosen) => onChange({ isReranked: chosen })}
          />
        )}
      </div>
      <div>
        <ImageField
          label="Image"
          images={images}
          onChange={(chosen) => onChange({ images: chosen })}
        />
        {hasText && images.length > 0 && (
          <ImageWeight
            weight={imageWeight}
            onChange={(weight) => onChange({ imageWeight: weight })}
          />
        )}
      </div>
    </div>
  );
}

interface RerankingProps {
  readonly isReranked: boolean;
  readonly onChange: (isReranked: boolean) => void;
}

function Reranking({ isReranked, onChange }: RerankingProps): JSX.Element {
  const id = useId();
  return (
    <div>
      <label class="check">
        <input
          type="checkbox"
          checked={isReranked}
          aria-describedby={id}
          onChange={({ currentTarget }) => onChange(currentTarget.checked)}
        />
        Re-rank the first {reranked}
      </label>
      <p class="hint" id={id}>
        Reads each together with the text. Slower, and with the model that ships results get worse.
      </p>
    </div>
  );
}

interface ImageWeightProps {
  readonly weight: number;
  readonly onChange: (weight: number) => void;
}

const ImageWeight = ({ weight, onChange }: ImageWeightProps): JSX.Element => (
  <label class="weight">
    <span>Text</span>
    <input
      type="range"
      min="0"
      max="1"
      step="0.05"
      value={weight}
      aria-label="Weight of the image"
      aria-valuetext={`${Math.round(100 * weight)} % image`}
      onInput={({ currentTarget }) => onChange(currentTarget.valueAsNumber)}
    />
    <span>Image</span>
  </label>
);

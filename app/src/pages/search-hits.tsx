import type { JSX } from "preact";
import type { SearchHit } from "../../../src/serve/schemas/search.js";
import { imageAt } from "../api/search.js";
import { type ChosenImage, dataUrlOf } from "../parts/image-file.js";
import { useRequest } from "../parts/use-request.js";

interface SearchHitsProps {
  readonly hits: readonly SearchHit[];
  /** Called with the image that others are to be like. */
  readonly onSimilar: (image: ChosenImage) => void;
}

/** Images with what is known of them, nearest first. */
export const SearchHits = ({ hits, onSimilar }: SearchHitsProps): JSX.Element => (
  <>
    <p class="quiet" role="status">
      {hits.length === 0 ? "Nothing passes the filter." : `The ${hits.length} nearest`}
    </p>
    <ol class="gallery">
      {hits.map((hit) => (
        <li key={hit.key}>
          <FoundImage hit={hit} onSimilar={onSimilar} />
        </li>
      ))}
    </ol>
  </>
);

interface FoundImageProps extends Pick<SearchHitsProps, "onSimilar"> {
  readonly hit: SearchHit;
}

/** An image of the index is asked for as all requests are: with the API key, if there is one. */
function FoundImage({ hit, onSimilar }: FoundImageProps): JSX.Element {
  const { image_url: address, similarity } = hit;
  const name = nameOf(hit);
  const { result: url, fault } = useRequest(
    address === undefined
      ? undefined
      : async (signal) => dataUrlOf(await imageAt(address, { signal })),
    [address],
  );
  return (
    <>
      {url === undefined ? (
        <span class="no-image">{fault || address === undefined ? "no image" : ""}</span>
      ) : (
        <img src={url} alt={name} />
      )}
      <span class="name">{name}</span>
      <span class="foot">
        <span class="quiet" title="Cosine similarity">
          {similarity.toFixed(3)}
        </span>
        {url !== undefined && (
          <button
            type="button"
            class="link"
            aria-label={`Similar to ${name}`}
            onClick={() => onSimilar({ name, url })}
          >
            Similar
          </button>
        )}
      </span>
    </>
  );
}

/** The text of an entry, or its label, or the last part of its key. */
const nameOf = ({ text, label, key }: SearchHit): string =>
  text ?? label ?? key.slice(key.lastIndexOf("/") + 1);

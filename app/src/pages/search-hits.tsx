import type { JSX } from "preact";
import type { SearchHit } from "../../../src/serve/schemas/search.js";
import { imageAt } from "../api/search.js";
import { nearestOf } from "../parts/figures.js";
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
      {hits.length === 0 ? "Nothing passes the filter." : `${nearestOf(hits.length)}${order(hits)}`}
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

/** How the hits are ordered, if not by similarity alone. */
function order(hits: readonly SearchHit[]): string {
  const matched = hits.filter(({ match }) => match !== undefined).length;
  if (matched === 0) return "";
  return matched === 1 ? "" : `, the first ${matched} by how they match the text`;
}

interface FoundImageProps extends Pick<SearchHitsProps, "onSimilar"> {
  readonly hit: SearchHit;
}

/** An image of the index is asked for as all requests are: with the API key, if there is one. */
function FoundImage({ hit, onSimilar }: FoundImageProps): JSX.Element {
  const { image_url: address, key, path } = hit;
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
      <span class="name" title={path ?? key}>
        {name}
      </span>
      <span class="foot">
        <Score hit={hit} />
        {url !== undefined && (
          <button
            type="button"
            class="link"
            aria-label={`Similar to ${name}`}
            onClick={() => onSimilar({ name, url, key })}
          >
            Similar
          </button>
        )}
      </span>
    </>
  );
}

const Score = ({
  hit: { similarity, match, fault },
}: Pick<FoundImageProps, "hit">): JSX.Element => (
  <span
    class="quiet"
    title={fault ?? (match === undefined ? "Cosine similarity" : "Probability of a match")}
  >
    {fault !== undefined && "not read: "}
    {match === undefined ? similarity.toFixed(3) : `${(100 * match).toFixed(1)} %`}
  </span>
);

/** The text of an entry, or the last part of its path or key, after its label: a folder's images share that one. */
function nameOf({ text, label, path, key }: SearchHit): string {
  const [last] = (path ?? key).split(/[\\/]/).slice(-1);
  return text ?? [label, last].filter(Boolean).join(", ");
}

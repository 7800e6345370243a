import type { JSX } from "preact";
import type { Result } from "../api/search.js";

interface SearchResultsProps {
  readonly results: readonly Result[];
  /** Called with the result that others are to be like. */
  readonly onSimilar: (result: Result) => void;
}

/** Images with what is known of them, nearest first. */
export const SearchResults = ({ results, onSimilar }: SearchResultsProps): JSX.Element => (
  <>
    <p class="quiet" role="status">
      {results.length === 0 ? "Nothing passes the filter." : `The ${results.length} nearest`}
    </p>
    <ol class="gallery">
      {results.map((result) => (
        <li key={result.key}>
          {result.image === undefined ? (
            <span class="no-image">no image</span>
          ) : (
            <img src={result.image} alt={nameOf(result)} loading="lazy" />
          )}
          <span>{nameOf(result)}</span>
          <span class="result-foot">
            <span class="quiet" title="Cosine similarity">
              {result.similarity.toFixed(3)}
            </span>
            <button
              type="button"
              class="link"
              aria-label={`Similar to ${nameOf(result)}`}
              onClick={() => onSimilar(result)}
            >
              Similar
            </button>
          </span>
        </li>
      ))}
    </ol>
  </>
);

/** The text of an entry, or its label, or the last part of its key. */
export const nameOf = ({ text, label, key }: Result): string =>
  text ?? label ?? key.slice(key.lastIndexOf("/") + 1);

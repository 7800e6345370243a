import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { nearestOf } from "../parts/figures.js";
import type { EmbeddedImage } from "../tab/embed-folder.js";
import type { FoundImage } from "../tab/nearest.js";

interface FolderHitsProps {
  readonly hits: readonly FoundImage[];
  /** Whether more images are to come. */
  readonly isPartial: boolean;
  /** Called with the image that others are to be like. */
  readonly onSimilar: (image: EmbeddedImage) => void;
}

/** Images of the folder, nearest first. */
export const FolderHits = ({ hits, isPartial, onSimilar }: FolderHitsProps): JSX.Element => (
  <>
    <p class="quiet" role="status">
      {nearestOf(hits.length)}
      {isPartial && ", of those embedded so far"}
    </p>
    <ol class="gallery">
      {hits.map(({ image, similarity }) => (
        <li key={image.path}>
          <Thumbnail image={image} />
          <span class="name" title={image.path}>
            {image.file.name}
          </span>
          <span class="foot">
            <span class="quiet" title="Cosine similarity">
              {similarity.toFixed(3)}
            </span>
            <button
              type="button"
              class="link"
              aria-label={`Similar to ${image.file.name}`}
              onClick={() => onSimilar(image)}
            >
              Similar
            </button>
          </span>
        </li>
      ))}
    </ol>
  </>
);

/** The browser decodes the file again while it is shown. */
function Thumbnail({ image: { file } }: { readonly image: EmbeddedImage }): JSX.Element {
  const [url, setUrl] = useState<string>();
  useEffect(() => {
    const made = URL.createObjectURL(file);
    setUrl(made);
    return () => URL.revokeObjectURL(made);
  }, [file]);
  return url === undefined ? (
    <span class="no-image" />
  ) : (
    <img src={url} alt={file.name} loading="lazy" decoding="async" />
  );
}

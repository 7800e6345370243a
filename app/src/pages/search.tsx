import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import type { SearchDescription, SearchRequest } from "../../../src/serve/schemas/search.js";
import { type Result, search, searchable } from "../api/search.js";
import { ChipsField } from "../parts/chips-field.js";
import { grouped } from "../parts/figures.js";
import { ImageField } from "../parts/image-field.js";
import type { ChosenImage } from "../parts/image-file.js";
import { Answered, Empty } from "../parts/notice.js";
import { PageHead } from "../parts/page-head.js";
import { typingPause, useRequest } from "../parts/use-request.js";
import { SearchResults, nameOf } from "./search-results.js";

export function SearchPage(): JSX.Element {
  const answer = useRequest((signal) => searchable({ signal }).then((index) => ({ index })), []);
  return (
    <>
      <PageHead title="Search">
        Find images by a text, by another image, or by both: like this image, but as the text says.
      </PageHead>
      <Answered answer={answer} waiting="Asking for the index…">
        {({ index }) => (index ? <Search index={index} /> : <NoIndex />)}
      </Answered>
    </>
  );
}

const NoIndex = (): JSX.Element => (
  <div class="card">
    <Empty title="This server has no index">
      <p>Start one with your images:</p>
      <pre>npx flava search-app path/to/images</pre>
    </Empty>
  </div>
);

/** What the page searches for. */
interface Sought {
  readonly text: string;
  readonly without: string;
  readonly filters: readonly string[];
  readonly images: readonly ChosenImage[];
  /** An entry of the index that others are to be like. */
  readonly like: Result | undefined;
}

const nothing: Sought = { text: "", without: "", filters: [], images: [], like: undefined };

function Search({ index }: { readonly index: SearchDescription }): JSX.Element {
  const [sought, setSought] = useState(nothing);
  const change = (part: Partial<Sought>): void => setSought((now) => ({ ...now, ...part }));
  const query = queryOf(sought);
  const answer = useRequest(
    query && ((signal) => search(query, { signal })),
    [JSON.stringify(query)],
    typingPause,
  );
  return (
    <>
      <Fields sought={sought} onChange={change} />
      <section aria-label="Results" class="results">
        {query ? (
          <Answered answer={answer} waiting="Searching…">
            {(results) => (
              <SearchResults
                results={results}
                onSimilar={(like) => {
                  change(likeOnly(like));
                  scrollTo({ top: 0 }); // where the image is shown that the new results are like
                }}
              />
            )}
          </Answered>
        ) : (
          <Empty title={`${grouped(index.images)} images to search`}>
            <p>Type what you are looking for, or choose an image.</p>
          </Empty>
        )}
      </section>
    </>
  );
}

/** Searches for what is like an entry, among the same ones. */
const likeOnly = (like: Result): Partial<Sought> => ({ text: "", without: "", images: [], like });

/** Undefined if there is nothing to search for yet. */
function queryOf({ text, without, filters, images, like }: Sought): SearchRequest | undefined {
  const [image] = images;
  if (text.trim() === "" && !image && !like) return undefined;
  return {
    ...(text.trim() !== "" && { text: text.trim() }),
    ...(image && { image: image.url }),
    ...(like && { key: like.key }),
    ...(without.trim() !== "" && { without: without.trim() }),
    ...(filters.length > 0 && { filter: Object.fromEntries(filters.map(nameAndValue)) }),
    top: 48,
  };
}

/** "label=cat" sets the label; "cat" alone, too. */
function nameAndValue(filter: string): [name: string, value: string] {
  const split = filter.indexOf("=");
  return split < 1 ? ["label", filter] : [filter.slice(0, split), filter.slice(split + 1)];
}

interface FieldsProps {
  readonly sought: Sought;
  readonly onChange: (part: Partial<Sought>) => void;
}

function Fields({ sought, onChange }: FieldsProps): JSX.Element {
  const id = useId();
  const { text, without, filters, images, like } = sought;
  return (
    <div class="split">
      <div class="stack">
        <div class="field">
          <label for={id}>Text</label>
          <input
            id={id}
            type="search"
            value={text}
            placeholder="an icon of a heart"
            onInput={({ currentTarget }) => onChange({ text: currentTarget.value })}
          />
        </div>
        <div class="field">
          <label for={`${id}-without`}>But not</label>
          <input
            id={`${id}-without`}
            type="search"
            value={without}
            placeholder="a broken heart"
            onInput={({ currentTarget }) => onChange({ without: currentTarget.value })}
          />
        </div>
        <ChipsField
          label="Filter"
          placeholder="label=heart"
          hint="Only images with this label, field, key, path or text, such as label=heart."
          chips={filters}
          onChange={(chips) => onChange({ filters: chips })}
        />
      </div>
      {like ? (
        <Like result={like} onRemove={() => onChange({ like: undefined })} />
      ) : (
        <ImageField
          label="Image"
          images={images}
          onChange={(chosen) => onChange({ images: chosen })}
        />
      )}
    </div>
  );
}

interface LikeProps {
  readonly result: Result;
  readonly onRemove: () => void;
}

/** The entry that others are to be like. */
const Like = ({ result, onRemove }: LikeProps): JSX.Element => (
  <fieldset class="image-field">
    <legend>Like this image</legend>
    <div class="drop">
      <ul class="chosen">
        <li>
          <img src={result.image} alt={nameOf(result)} />
          <button type="button" class="remove" aria-label="Remove the image" onClick={onRemove}>
            ×
          </button>
        </li>
      </ul>
      <span class="quiet">{nameOf(result)}</span>
    </div>
  </fieldset>
);

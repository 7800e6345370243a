import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import type { SearchRequest } from "../../../src/serve/schemas/search.js";
import { canSearch, search } from "../api/search.js";
import { ChipsField } from "../parts/chips-field.js";
import { ImageField } from "../parts/image-field.js";
import type { ChosenImage } from "../parts/image-file.js";
import { Answered, Empty } from "../parts/notice.js";
import { PageHead } from "../parts/page-head.js";
import { typingPause, useRequest } from "../parts/use-request.js";
import { SearchHits } from "./search-hits.js";

export function SearchPage(): JSX.Element {
  const answer = useRequest((signal) => canSearch({ signal }), []);
  return (
    <>
      <PageHead title="Search">
        Find images by a text, by another image, or by both: like this image, but as the text says.
      </PageHead>
      <Answered answer={answer} waiting="Asking for the index…">
        {(hasIndex) => (hasIndex ? <Search /> : <NoIndex />)}
      </Answered>
    </>
  );
}

const NoIndex = (): JSX.Element => (
  <div class="card">
    <Empty title="This server has no index">
      <p>Index your images, and start the server with the index:</p>
      <pre>npx flava index path/to/images --out my-index{"\n"}npx flava serve --index my-index</pre>
    </Empty>
  </div>
);

/** What the page searches for. */
interface Sought {
  readonly text: string;
  readonly without: string;
  readonly filters: readonly string[];
  readonly images: readonly ChosenImage[];
}

const nothing: Sought = { text: "", without: "", filters: [], images: [] };

function Search(): JSX.Element {
  const [sought, setSought] = useState(nothing);
  const query = queryOf(sought);
  const answer = useRequest(
    query && ((signal) => search(query, { signal })),
    [JSON.stringify(query)],
    typingPause,
  );
  const searchLike = (image: ChosenImage): void => {
    setSought({ ...nothing, filters: sought.filters, images: [image] });
    scrollTo({ top: 0 }); // where the image is shown that the new results are like
  };
  return (
    <>
      <Fields sought={sought} onChange={(part) => setSought((now) => ({ ...now, ...part }))} />
      <section aria-label="Results" class="results">
        {query ? (
          <Answered answer={answer} waiting="Searching…">
            {(hits) => <SearchHits hits={hits} onSimilar={searchLike} />}
          </Answered>
        ) : (
          <Empty title="What are you looking for?">
            <p>Type a text, or choose an image.</p>
          </Empty>
        )}
      </section>
    </>
  );
}

/** Undefined if there is nothing to search for yet. */
function queryOf({ text, without, filters, images }: Sought): SearchRequest | undefined {
  const [image] = images;
  if (text.trim() === "" && !image) return undefined;
  return {
    ...(text.trim() !== "" && { text: text.trim() }),
    ...(image && { image: image.url }),
    ...(without.trim() !== "" && { without: without.trim() }),
    ...(filters.length > 0 && { filter: Object.fromEntries(filters.map(nameAndValue)) }),
    top: 48,
  };
}

/** "label=cat" names a label; "cat" alone does, too. */
function nameAndValue(filter: string): [name: string, value: string] {
  const split = filter.indexOf("=");
  return split < 1 ? ["label", filter] : [filter.slice(0, split), filter.slice(split + 1)];
}

interface FieldsProps {
  readonly sought: Sought;
  readonly onChange: (part: Partial<Sought>) => void;
}

function Fields({ sought, onChange }: FieldsProps): JSX.Element {
  const { text, without, filters, images } = sought;
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
          hint="Only images with this label, field, key, path or text, such as label=heart."
          chips={filters}
          onChange={(chips) => onChange({ filters: chips })}
        />
      </div>
      <ImageField
        label="Image"
        images={images}
        onChange={(chosen) => onChange({ images: chosen })}
      />
    </div>
  );
}

interface TextFieldProps {
  readonly label: string;
  readonly example: string;
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function TextField({ label, example, value, onChange }: TextFieldProps): JSX.Element {
  const id = useId();
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        type="search"
        value={value}
        placeholder={example}
        onInput={({ currentTarget }) => onChange(currentTarget.value)}
      />
    </div>
  );
}

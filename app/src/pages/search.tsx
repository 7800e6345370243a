import type { JSX } from "preact";
import { search, searching } from "../api/search.js";
import type { ChosenImage } from "../parts/image-file.js";
import { Answered, Empty } from "../parts/notice.js";
import { PageHead } from "../parts/page-head.js";
import { useKept } from "../parts/use-kept.js";
import { typingPause, useRequest } from "../parts/use-request.js";
import { SearchFields } from "./search-fields.js";
import { SearchHits } from "./search-hits.js";
import { type Sought, nothing, queryOf } from "./search-query.js";

export function SearchPage(): JSX.Element {
  const answer = useRequest((signal) => searching({ signal }), []);
  return (
    <>
      <PageHead title="Search">
        Find images by a text, by another image, or by both: like this image, but as the text says.
      </PageHead>
      <Answered answer={answer} waiting="Asking for the index…">
        {({ hasIndex, canMatch }) => (hasIndex ? <Search canMatch={canMatch} /> : <NoIndex />)}
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

interface SearchProps {
  readonly canMatch: boolean;
}

function Search({ canMatch }: SearchProps): JSX.Element {
  const [sought, setSought] = useKept<Sought>("search", nothing);
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
      <SearchFields
        sought={sought}
        canMatch={canMatch}
        onChange={(part) => setSought((now) => ({ ...now, ...part }))}
      />
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

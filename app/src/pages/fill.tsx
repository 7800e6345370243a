import type { JSX } from "preact";
import { models } from "../api/model.js";
import { ImageField } from "../parts/image-field.js";
import type { ChosenImage } from "../parts/image-file.js";
import { Answered, Empty } from "../parts/notice.js";
import { PageHead } from "../parts/page-head.js";
import { useKept } from "../parts/use-kept.js";
import { useRequest } from "../parts/use-request.js";
import { FillImage } from "./fill-image.js";
import { FillSentence } from "./fill-sentence.js";

export function FillPage(): JSX.Element {
  const [images, setImages] = useKept<readonly ChosenImage[]>("fill images", []);
  const [image] = images;
  const served = useRequest((signal) => models({ signal }), []);
  return (
    <>
      <PageHead title="Fill">
        Hide parts of an image, or words of a sentence, and see what the model thinks was there.
      </PageHead>
      <ImageField label="Image" images={images} onChange={setImages} />
      <section aria-labelledby="hidden-patches">
        <h2 id="hidden-patches">Hidden patches</h2>
        {image ? (
          <Answered answer={served} waiting="Asking for the model…">
            {([model]) => <FillImage key={image.url} image={image} size={model!.patches} />}
          </Answered>
        ) : (
          <div class="card">
            <Empty title="No image yet">
              <p>Choose an image, or try an example. Then click on patches to hide them.</p>
            </Empty>
          </div>
        )}
      </section>
      <FillSentence image={image} />
    </>
  );
}

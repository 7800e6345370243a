import type { JSX } from "preact";
import { useState } from "preact/hooks";
import { DropPlace } from "../parts/drop-place.js";
import { FileButton } from "../parts/file-button.js";
import { ImageField } from "../parts/image-field.js";
import { type ChosenImage, blobOf, dataUrlOf } from "../parts/image-file.js";
import { Answered, Empty } from "../parts/notice.js";
import { ModelNotice } from "../parts/opening-model.js";
import { PageHead } from "../parts/page-head.js";
import { TextField } from "../parts/text-field.js";
import { typingPause, useRequest } from "../parts/use-request.js";
import { chosenFiles, droppedFiles } from "../tab/dropped-files.js";
import type { EmbeddedImage } from "../tab/embed-folder.js";
import type { TabModel } from "../tab/model.js";
import { nearest, sumOf } from "../tab/nearest.js";
import { type FolderControls, useFolder } from "../tab/use-folder.js";
import { useModel } from "../tab/use-model.js";
import { FolderHits } from "./folder-hits.js";
import { FolderState } from "./folder-state.js";

/** Results shown at most. */
const shown = 48;

export function SearchHerePage(): JSX.Element {
  const opening = useModel();
  const folder = useFolder(opening.model);
  return (
    <>
      <PageHead title="Search here">
        Finds images in a folder of yours by a text, an image or both. The model runs in this tab:
        nothing is uploaded.
      </PageHead>
      <ModelNotice opening={opening} />
      <FolderPlace folder={folder} />
      <FolderState folder={folder} isWaiting={!opening.model} />
      {folder.images > 0 && (
        <Search model={opening.model} images={folder.embedded} isRunning={folder.isRunning} />
      )}
    </>
  );
}

const FolderPlace = ({ folder }: { readonly folder: FolderControls }): JSX.Element => (
  <DropPlace onDrop={(data) => folder.start(droppedFiles(data))}>
    <FileButton
      text={folder.images > 0 ? "Choose another folder" : "Choose a folder"}
      isFolder
      onFiles={(files) => folder.start(Promise.resolve(chosenFiles(files)))}
    />
    <FileButton
      text="Choose images"
      accept="image/*"
      many
      onFiles={(files) => folder.start(Promise.resolve(chosenFiles(files)))}
    />
    <span class="quiet">or drop them here</span>
  </DropPlace>
);

/** What images are to be like. */
interface Example extends ChosenImage {
  /** Its embedding, of an image of the folder. */
  readonly vector?: Float32Array;
}

interface SearchProps {
  /** Undefined while it is not open. */
  readonly model: TabModel | undefined;
  readonly images: readonly EmbeddedImage[];
  readonly isRunning: boolean;
}

function Search({ model, images, isRunning }: SearchProps): JSX.Element {
  const [text, setText] = useState("");
  const [[example], setExamples] = useState<readonly Example[]>([]);
  const isSought = text.trim() !== "" || example !== undefined;
  const query = useRequest(
    isSought && model ? () => queryOf(text, example, model) : undefined,
    [text, example, model],
    typingPause,
  );
  const showSimilar = ({ path, file, vector }: EmbeddedImage): void => {
    void dataUrlOf(file).then((url) => {
      setText("");
      setExamples([{ name: path, url, vector }]);
    });
  };
  return (
    <>
      <h2>What are you looking for?</h2>
      <div class="split">
        <TextField label="Text" example="a drawing of a heart" value={text} onChange={setText} />
        <ImageField label="Image" images={example ? [example] : []} onChange={setExamples} />
      </div>
      {isSought ? (
        <Answered answer={query} waiting="Searching…">
          {(vector) => (
            <FolderHits
              hits={nearest(vector, images, shown)}
              isPartial={isRunning}
              onSimilar={showSimilar}
            />
          )}
        </Answered>
      ) : (
        <div class="card">
          <Empty title="No search yet">
            <p>Describe an image, or give one that others are to be like.</p>
          </Empty>
        </div>
      )}
    </>
  );
}

/** What is sought as an embedding; a text and an image count alike. */
async function queryOf(
  text: string,
  example: Example | undefined,
  model: TabModel,
): Promise<Float32Array> {
  const parts = [
    ...(text.trim() === "" ? [] : [model.embedText(text)]),
    ...(example ? [vectorOf(example, model)] : []),
  ];
  return sumOf(await Promise.all(parts));
}

async function vectorOf({ url, vector }: Example, model: TabModel): Promise<Float32Array> {
  const [found] = vector ? [vector] : await model.embedImages([blobOf(url)]);
  if (found) return found;
  throw new Error("This browser cannot decode the image. Choose a JPEG or PNG.");
}

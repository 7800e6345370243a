/** A place to drop, paste or choose images, with examples for a first try. */
import type { JSX } from "preact";
import { useEffect, useState } from "preact/hooks";
import { DropPlace } from "./drop-place.js";
import { examples } from "./examples.js";
import { FileButton } from "./file-button.js";
import { type ChosenImage, fetchImage, isImageFile, readImage } from "./image-file.js";
import { Fault } from "./notice.js";

interface ImageFieldProps {
  readonly label: string;
  readonly images: readonly ChosenImage[];
  /** Whether it holds several images; otherwise a new one takes the place of the last. */
  readonly many?: boolean;
  readonly onChange: (images: readonly ChosenImage[]) => void;
}

export function ImageField({
  label,
  images,
  many = false,
  onChange,
}: ImageFieldProps): JSX.Element {
  const [fault, setFault] = useState<Error>();
  const add = (chosen: readonly ChosenImage[]): void => {
    setFault(undefined);
    onChange(many ? [...images, ...chosen] : chosen.slice(0, 1));
  };
  const addFiles = (files: Iterable<File>): void => {
    const given = [...files];
    const found = given.filter(isImageFile);
    Promise.all((many ? found : found.slice(0, 1)).map(readImage))
      .then((chosen) => {
        if (chosen.length > 0) add(chosen);
        const left = leftOut(given, found, many);
        if (left !== undefined) setFault(new Error(left));
      })
      .catch((error: unknown) => setFault(error as Error));
  };
  usePastedFiles(addFiles);
  return (
    <fieldset class="image-field">
      <legend>{label}</legend>
      <DropPlace onDrop={({ files }) => addFiles(files)}>
        <Chosen images={images} onChange={onChange} />
        <FileButton
          text={buttonText(many, images.length === 0)}
          accept="image/*"
          many={many}
          onFiles={addFiles}
        />
        <span class="quiet">or drop or paste {many ? "them" : "it"} here</span>
      </DropPlace>
      <Examples onChoose={(image) => add([image])} onFault={setFault} />
      {fault && <Fault error={fault} />}
    </fieldset>
  );
}

/** What was not taken of the given files, if anything. */
function leftOut(
  given: readonly File[],
  images: readonly File[],
  many: boolean,
): string | undefined {
  if (given.length === 0) return undefined;
  const others = given.filter((file) => !images.includes(file)).map(({ name }) => name);
  if (images.length === 0) {
    const what =
      given.length === 1
        ? `${others[0]!} is not an image.`
        : `None of the ${given.length} files is an image; the first is ${others[0]!}.`;
    return `${what} Choose a file such as a JPEG or PNG.`;
  }
  if (!many && given.length > 1) {
    const rest = given.length === 2 ? "the other file was" : `the other ${given.length - 1} were`;
    return `One image at a time: this is ${images[0]!.name}, and ${rest} left out.`;
  }
  if (others.length === 0) return undefined;
  return others.length === 1
    ? `Left out, as it is not an image: ${others[0]!}.`
    : `Left out, as they are not images: ${others.length} files, such as ${others[0]!}.`;
}

function buttonText(many: boolean, isFirst: boolean): string {
  if (many) return isFirst ? "Choose images" : "Add images";
  return isFirst ? "Choose image" : "Change image";
}

const Chosen = ({
  images,
  onChange,
}: Pick<ImageFieldProps, "images" | "onChange">): JSX.Element => (
  <ul class="chosen">
    {images.map((image, index) => (
      <li key={`${image.name} ${index}`}>
        <img src={image.url} alt={image.name} />
        <button
          type="button"
          class="remove"
          aria-label={`Remove ${image.name}`}
          onClick={() => onChange(images.filter((_, other) => other !== index))}
        >
          ×
        </button>
      </li>
    ))}
  </ul>
);

interface ExamplesProps {
  readonly onChoose: (image: ChosenImage) => void;
  readonly onFault: (fault: Error) => void;
}

const Examples = ({ onChoose, onFault }: ExamplesProps): JSX.Element => (
  <div class="examples">
    <span class="quiet">Or try</span>
    {examples.map(({ name, address }) => (
      <button
        key={name}
        type="button"
        aria-label={`Example: ${name}`}
        title={name}
        onClick={() => {
          fetchImage(address, name)
            .then(onChoose)
            .catch((error: unknown) => onFault(error as Error));
        }}
      >
        <img src={address} alt="" width="32" height="32" />
      </button>
    ))}
  </div>
);

/** Calls `onFiles` with files that are pasted anywhere on the page. */
function usePastedFiles(onFiles: (files: Iterable<File>) => void): void {
  useEffect(() => {
    const paste = ({ clipboardData, target }: ClipboardEvent): void => {
      const files = clipboardData?.files;
      if (files && files.length > 0 && !isText(clipboardData, target)) onFiles(files);
    };
    addEventListener("paste", paste);
    return () => removeEventListener("paste", paste);
  });
}

/** Whether what is pasted into a field is meant as text: spreadsheets and word processors add a picture of it. */
const isText = ({ types }: DataTransfer, target: EventTarget | null): boolean =>
  (target instanceof HTMLInputElement || target instanceof HTMLTextAreaElement) &&
  types.includes("text/plain") &&
  types.includes("text/html");

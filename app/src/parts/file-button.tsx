import type { JSX } from "preact";
import { useId } from "preact/hooks";

interface FileButtonProps {
  readonly text: string;
  /** Whether it opens a whole folder. */
  readonly isFolder?: boolean;
  /** Whether several files can be chosen. */
  readonly many?: boolean;
  /** The types of files to offer; default: all. */
  readonly accept?: string;
  readonly isDisabled?: boolean;
  readonly onFiles: (files: readonly File[]) => void;
}

/** A button that opens files. */
export function FileButton({
  text,
  isFolder = false,
  many = false,
  accept,
  isDisabled = false,
  onFiles,
}: FileButtonProps): JSX.Element {
  const id = useId();
  return (
    <span>
      <input
        id={id}
        class="visually-hidden"
        type="file"
        {...(accept !== undefined && { accept })}
        multiple={many}
        disabled={isDisabled}
        ref={(element) => {
          if (element) element.webkitdirectory = isFolder;
        }}
        onChange={({ currentTarget }) => {
          onFiles([...(currentTarget.files ?? [])]);
          currentTarget.value = ""; // so that the same files can be chosen again
        }}
      />
      <label class="button" for={id}>
        {text}
      </label>
    </span>
  );
}

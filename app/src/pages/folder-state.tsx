import type { JSX } from "preact";
import { duration, grouped } from "../parts/figures.js";
import { LeftOut } from "../parts/left-out.js";
import { Fault } from "../parts/notice.js";
import type { Folder, FolderControls } from "../tab/use-folder.js";

interface FolderStateProps {
  readonly folder: FolderControls;
  /** Whether the model is still being opened. */
  readonly isWaiting: boolean;
}

/** How far embedding has come, what was left out, and what the browser keeps. */
export function FolderState({ folder, isWaiting }: FolderStateProps): JSX.Element {
  const { isRunning, images, others, damaged, fault } = folder;
  return (
    <div class="folder-state">
      {isRunning && isWaiting && (
        <p role="status">
          {grouped(images)} {images === 1 ? "image waits" : "images wait"} for the model.
        </p>
      )}
      {isRunning && !isWaiting && <Progress folder={folder} />}
      {fault && <Fault error={fault} />}
      {!isRunning && (images > 0 || others.length > 0) && <Summary folder={folder} />}
      <LeftOut title="cannot be decoded by this browser" paths={damaged} />
      <LeftOut title={others.length === 1 ? "is not an image" : "are not images"} paths={others} />
      <Kept folder={folder} />
    </div>
  );
}

const doneOf = ({ embedded, damaged }: Folder): number => embedded.length + damaged.length;

const Progress = ({ folder }: Pick<FolderStateProps, "folder">): JSX.Element => (
  <div class="progress">
    <progress max={folder.images} value={doneOf(folder)} aria-label="Progress of embedding" />
    <span>
      {grouped(doneOf(folder))} of {grouped(folder.images)} images
      {folder.secondsLeft !== undefined && `, ${duration(folder.secondsLeft)} left`}
    </span>
    <button type="button" class="button" onClick={folder.cancel}>
      Cancel
    </button>
  </div>
);

function Summary({ folder }: Pick<FolderStateProps, "folder">): JSX.Element {
  const { images, embedded, known, resume } = folder;
  if (images === 0) return <p role="status">No images among the chosen files.</p>;
  const rest = images - doneOf(folder);
  return (
    <p role="status">
      {grouped(embedded.length)} {embedded.length === 1 ? "image" : "images"} to search
      {known > 0 && `, ${grouped(known)} of them known from before`}
      {rest > 0 && (
        <>
          ; {grouped(rest)} not embedded yet{" "}
          <button type="button" class="button" onClick={resume}>
            Go on
          </button>
        </>
      )}
    </p>
  );
}

function Kept({
  folder: { kept = 0, isRunning, forget },
}: Pick<FolderStateProps, "folder">): JSX.Element {
  if (kept === 0) return <></>;
  return (
    <p class="quiet">
      This browser keeps the embeddings of {grouped(kept)} {kept === 1 ? "image" : "images"}, so
      that they need not be computed again.{" "}
      <button type="button" class="link" disabled={isRunning} onClick={forget}>
        Forget them
      </button>
    </p>
  );
}

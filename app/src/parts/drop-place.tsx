import type { ComponentChildren, JSX } from "preact";
import { useState } from "preact/hooks";

interface DropPlaceProps {
  readonly onDrop: (data: DataTransfer) => void;
  readonly children: ComponentChildren;
}

/** An area that files can be dropped on. */
export function DropPlace({ onDrop, children }: DropPlaceProps): JSX.Element {
  const [isOver, setOver] = useState(false);
  return (
    <div
      class={`drop ${isOver ? "over" : ""}`}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        if (event.dataTransfer) onDrop(event.dataTransfer);
      }}
    >
      {children}
    </div>
  );
}

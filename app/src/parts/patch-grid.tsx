import type { JSX } from "preact";
import { useRef, useState } from "preact/hooks";

interface PatchGridProps {
  /** The image as a data URL; drawn as the square that the model reads. */
  readonly image: string;
  readonly size: { readonly width: number; readonly height: number };
  readonly hidden: ReadonlySet<number>;
  readonly onChange: (hidden: ReadonlySet<number>) => void;
}

const steps: Readonly<Record<string, readonly [x: number, y: number]>> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** An image whose patches are hidden and shown by clicking or dragging; by keyboard with arrows and Space. */
export function PatchGrid({ image, size, hidden, onChange }: PatchGridProps): JSX.Element {
  const { width, height } = size;
  const grid = useRef<HTMLDivElement>(null);
  const [current, setCurrent] = useState(0);
  /** What a drag makes of the patches that it passes. */
  const [isHiding, setHiding] = useState<boolean>();
  const set = (patch: number, isHidden: boolean): void => {
    if (hidden.has(patch) === isHidden) return;
    const next = new Set(hidden);
    if (isHidden) next.add(patch);
    else next.delete(patch);
    onChange(next);
  };
  const move = (event: KeyboardEvent): void => {
    const [x, y] = steps[event.key] ?? [0, 0];
    if (x === 0 && y === 0) return;
    event.preventDefault();
    const column = Math.min(width - 1, Math.max(0, (current % width) + x));
    const row = Math.min(height - 1, Math.max(0, Math.floor(current / width) + y));
    const next = row * width + column;
    setCurrent(next);
    (grid.current!.children[next] as HTMLElement).focus();
  };
  return (
    <div
      ref={grid}
      class="patches"
      role="group"
      aria-label="Patches of the image"
      style={{ "--columns": width, backgroundImage: `url("${image}")` }}
      onKeyDown={move}
      onPointerUp={() => setHiding(undefined)}
      onPointerLeave={() => setHiding(undefined)}
    >
      {Array.from({ length: width * height }, (_, patch) => (
        <button
          key={patch}
          type="button"
          tabIndex={patch === current ? 0 : -1}
          aria-pressed={hidden.has(patch)}
          aria-label={`Row ${Math.floor(patch / width) + 1}, column ${(patch % width) + 1}`}
          onFocus={() => setCurrent(patch)}
          onPointerDown={(event) => {
            event.currentTarget.releasePointerCapture(event.pointerId); // so that a finger passes on to others
            setHiding(!hidden.has(patch));
            set(patch, !hidden.has(patch));
          }}
          onPointerEnter={() => isHiding !== undefined && set(patch, isHiding)}
          onKeyDown={({ key }) =>
            (key === " " || key === "Enter") && set(patch, !hidden.has(patch))
          }
        />
      ))}
    </div>
  );
}

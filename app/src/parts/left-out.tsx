import type { JSX } from "preact";
import { grouped } from "./figures.js";

interface LeftOutProps {
  /** What is the matter with the files, such as "are not images". */
  readonly title: string;
  readonly paths: readonly string[];
}

/** Files that were left out, all of them by name. */
export function LeftOut({ title, paths }: LeftOutProps): JSX.Element {
  if (paths.length === 0) return <></>;
  return (
    <details>
      <summary>
        Left out: {grouped(paths.length)} {paths.length === 1 ? "file" : "files"} that {title}
      </summary>
      <ul class="paths">
        {paths.map((path, place) => (
          <li key={place}>{path}</li>
        ))}
      </ul>
    </details>
  );
}

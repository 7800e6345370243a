import type { JSX } from "preact";
import { Empty } from "./notice.js";

interface NotShownProps {
  /** Such as "runs". */
  readonly what: string;
}

/** How to start the server so that it shows what a directory holds. */
export const NotShown = ({ what }: NotShownProps): JSX.Element => (
  <div class="card">
    <Empty title={`This server shows no ${what}`}>
      <p>Start it with the directory that holds them:</p>
      <pre>npx flava serve --runs ~/.cache/flava/runs</pre>
    </Empty>
  </div>
);

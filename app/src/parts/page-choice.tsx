/** Chooses which of several things of one kind a page shows: its name is in the address. */
import type { JSX } from "preact";
import { addressOf } from "../route.js";

interface PageChoiceProps {
  readonly label: string;
  /** The name of the page. */
  readonly page: string;
  readonly names: readonly string[];
  readonly chosen: string;
  /** What is said of a name in the list; default: the name. */
  readonly describe?: (name: string) => string;
}

export const PageChoice = ({
  label,
  page,
  names,
  chosen,
  describe = (name) => name,
}: PageChoiceProps): JSX.Element => (
  <label class="choice">
    <span>{label}</span>
    <select
      value={chosen}
      onChange={({ currentTarget }) => {
        location.hash = addressOf(page, currentTarget.value);
      }}
    >
      {names.map((name) => (
        <option key={name} value={name}>
          {describe(name)}
        </option>
      ))}
    </select>
  </label>
);

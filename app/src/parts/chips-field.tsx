import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";

interface ChipsFieldProps {
  readonly label: string;
  readonly hint: string;
  readonly placeholder: string;
  readonly chips: readonly string[];
  /** Whether a text may have commas; otherwise a comma ends it, as Enter does. */
  readonly hasCommas?: boolean;
  readonly onChange: (chips: readonly string[]) => void;
}

/**
 * Short texts as removable chips: Enter adds one, Backspace in the empty field takes the last one back. One that is there already
 * is not added again, and the field says so.
 */
export function ChipsField({
  label,
  hint,
  placeholder,
  chips,
  hasCommas = false,
  onChange,
}: ChipsFieldProps): JSX.Element {
  const id = useId();
  const [typed, setTyped] = useState("");
  const [again, setAgain] = useState<readonly string[]>([]);
  const add = (text: string): void => {
    const parts = text.split(hasCommas ? "\n" : /[,\n]/).map((part) => part.trim());
    const all = [...chips, ...parts.filter(Boolean)];
    const kept = [...new Set(all)];
    setAgain([...new Set(all.filter((chip, place) => all.indexOf(chip) !== place))]);
    onChange(kept);
    setTyped("");
  };
  const press = (event: KeyboardEvent): void => {
    if (event.key === "Enter") {
      event.preventDefault();
      add(typed);
    } else if (event.key === "Backspace" && typed === "" && chips.length > 0) {
      setTyped(chips.at(-1)!);
      onChange(chips.slice(0, -1));
      event.preventDefault();
    }
  };
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <div class="chips">
        <Chips chips={chips} onChange={onChange} />
        <input
          id={id}
          value={typed}
          placeholder={placeholder}
          autocomplete="off"
          aria-describedby={`${id}-hint`}
          onInput={({ currentTarget: { value } }) => {
            if (!hasCommas && value.includes(",")) add(value);
            else {
              setTyped(value);
              setAgain([]);
            }
          }}
          onKeyDown={press}
          onBlur={() => typed.trim() !== "" && add(typed)}
        />
      </div>
      <p class="hint" id={`${id}-hint`}>
        {hint}
      </p>
      <Again chips={again} />
    </div>
  );
}

const Again = ({ chips }: Pick<ChipsFieldProps, "chips">): JSX.Element => (
  <output class="hint">
    {chips.length > 0 &&
      `Not added again, as each counts once: ${chips.map((chip) => `“${chip}”`).join(", ")}.`}
  </output>
);

const Chips = ({ chips, onChange }: Pick<ChipsFieldProps, "chips" | "onChange">): JSX.Element => (
  <ul>
    {chips.map((chip) => (
      <li key={chip}>
        {chip}
        <button
          type="button"
          class="remove"
          aria-label={`Remove ${chip}`}
          onClick={() => onChange(chips.filter((other) => other !== chip))}
        >
          ×
        </button>
      </li>
    ))}
  </ul>
);

import type { JSX } from "preact";
import { useId, useState } from "preact/hooks";
import { storeKey } from "../api/key.js";

/** Asks for an API key, and loads the page again with it. */
export function KeyField(): JSX.Element {
  const id = useId();
  const [key, setKey] = useState("");
  return (
    <form
      class="field key-field"
      onSubmit={(event) => {
        event.preventDefault();
        storeKey(key.trim());
        location.reload();
      }}
    >
      <label for={id}>API key</label>
      <div class="with-button">
        <input
          id={id}
          type="password"
          autocomplete="current-password"
          value={key}
          onInput={({ currentTarget }) => setKey(currentTarget.value)}
        />
        <button type="submit" class="button primary">
          Use this key
        </button>
      </div>
    </form>
  );
}

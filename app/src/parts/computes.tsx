import type { JSX } from "preact";
import type { OpenedModel } from "../../../src/browser/model-messages.js";

/** What computes in this tab. */
export function Computes({
  backend: { name, threads },
}: Pick<OpenedModel, "backend">): JSX.Element {
  const on = threads === 1 ? "one thread" : `${threads} threads`;
  const isAlone = name === "wasm" && !crossOriginIsolated;
  return (
    <p class="quiet">
      {name === "webgpu" ? "Computed by WebGPU" : `Computed by WebAssembly on ${on}`}
      {isAlone && "; more need two headers of the server (docs/browser.md)"}.
    </p>
  );
}

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Backend } from "../../src/backend/backend.js";
import type { Plan } from "../../src/graph/plan.js";
import { planFile } from "../program-file.js";

/** The tensors of the state that a plan reads or writes. */
function statePaths({ instructions }: Plan): Set<string> {
  const operands = instructions.flatMap(({ inputs, outputs }) => [...inputs, ...outputs]);
  return new Set(operands.flatMap(({ place }) => (place.kind === "state" ? [place.path] : [])));
}

/** The backend; it leaves what it runs, and what that is given, in the file `path` for native/sanitize.sh. */
export function recording(backend: Backend, path: string, fails: boolean): Backend {
  return {
    ...backend,
    load(plan, memoryOf) {
      const executable = backend.load(plan, memoryOf);
      return {
        async run(first, last, inputs, signal) {
          // Preparations run first, and without inputs.
          if (first >= plan.preparing) {
            const values = new Map(inputs);
            for (const held of statePaths(plan)) {
              values.set(held, await memoryOf({ kind: "state", path: held }).read());
            }
            mkdirSync(dirname(path), { recursive: true });
            writeFileSync(
              path,
              planFile(plan, (given) => values.get(given)!, fails),
            );
          }
          return executable.run(first, last, inputs, signal);
        },
        inspect: (last, inputs) => executable.inspect(last, inputs),
        read: (tensor) => executable.read(tensor),
        write: (tensor, values) => executable.write(tensor, values),
        dispose: () => executable.dispose(),
      };
    },
  };
}

import { mkdirSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import type { Backend } from "../../src/backend/backend.js";
import { planFile } from "../program-file.js";

/** The backend; it leaves what it runs, and what that is given, in the file `path` for native/sanitize.sh. */
export function recording(backend: Backend, path: string, fails: boolean): Backend {
  return {
    ...backend,
    load(plan, memoryOf) {
      const executable = backend.load(plan, memoryOf);
      return {
        run(first, last, inputs, signal) {
          // Preparations run first, and without inputs.
          if (first >= plan.preparing) {
            const valueOf = (path: string) =>
              inputs.get(path) ?? memoryOf({ kind: "state", path }).read();
            mkdirSync(dirname(path), { recursive: true });
            writeFileSync(path, planFile(plan, valueOf, fails));
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

import { expect, test } from "vitest";
import { fill } from "../graph/ops/fill.js";
import { plan } from "../graph/plan.js";
import { nativeBackend, nativeLevels } from "./native.js";

test.skipIf(nativeLevels().length === 0)(
  "a program whose operations name other attributes than their kernels is refused",
  () => {
    const backend = nativeBackend({ threads: 1 });
    const made = plan({ outputs: new Map([["y", fill([2], 3)]]), updates: new Map() }, true);
    const load = (name: string): void => {
      const instructions = made.instructions.map((instruction) => ({
        ...instruction,
        op: { ...instruction.op, schema: { [name]: "number" as const } },
        attributes: { [name]: 3 },
      }));
      backend
        .load({ ...made, instructions }, () => {
          throw new Error("There is no state.");
        })
        .dispose();
    };
    try {
      expect(() => load("value")).not.toThrow();
      expect(() => load("number")).toThrow(
        /the operation is fill\(number\), but the kernel is fill\(value\)\. Rebuild .*npm run build:native/,
      );
    } finally {
      backend.dispose();
    }
  },
);

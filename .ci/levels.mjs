// Prints the processor levels that the native kernels can run on here, one a line, lowest first; emulated ones are
// the last, if they were built.
import { existsSync } from "node:fs";
import { createRequire } from "node:module";

const addon = "../build/native/flava.node";
if (existsSync(new URL(addon, import.meta.url))) {
  const { levels } = createRequire(import.meta.url)(addon);
  console.log(levels().join("\n"));
}

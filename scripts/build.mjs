// Compiles src/ and datasets/ to dist/, from scratch.
//
// TypeScript is a development dependency. Without it, as after NODE_ENV=production npm ci, an existing dist/ is kept;
// where there is none, this fails and names the command that installs TypeScript.

import { spawnSync } from "node:child_process";
import { existsSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = fileURLToPath(new URL("../dist", import.meta.url));

function findCompiler() {
  try {
    return createRequire(import.meta.url).resolve("typescript/bin/tsc");
  } catch {
    return undefined;
  }
}

const compiler = findCompiler();
if (compiler !== undefined) {
  rmSync(dist, { recursive: true, force: true });
  const parameters = [compiler, "-p", "tsconfig.build.json"];
  process.exitCode =
    spawnSync(process.execPath, parameters, { cwd: root, stdio: "inherit" }).status ?? 1;
} else if (existsSync(dist)) {
  console.log("flava: kept dist/ as it is, because TypeScript is not installed");
} else {
  console.error(
    "flava: dist/ cannot be built, because TypeScript, a development dependency, is not installed. " +
      "Run: npm ci --include=dev",
  );
  process.exitCode = 1;
}

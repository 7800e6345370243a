// Compiles src/ and datasets/ to dist/: what changed since the last build, and all that depends on it. Builds app/, the
// pages of flava serve, to dist/app if anything in it changed.
//
// TypeScript and Vite are development dependencies. Without them, as after NODE_ENV=production npm ci, an existing dist/ is kept;
// where there is none, this fails and names the command that installs TypeScript.

import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, rmSync, utimesSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { appIsUpToDate, stampedBuild } from "./app-sources.mjs";

const root = fileURLToPath(new URL("..", import.meta.url));
const dist = join(root, "dist");
const compiled = join(root, "build", "dist.tsbuildinfo");

function findCompiler() {
  try {
    return createRequire(import.meta.url).resolve("typescript/bin/tsc");
  } catch {
    return undefined;
  }
}

const filesBelow = (directory) =>
  existsSync(directory) ? readdirSync(directory, { recursive: true, encoding: "utf8" }) : [];

/** Removes what was compiled from sources that no longer exist. */
function removeOrphans() {
  for (const name of filesBelow(dist)) {
    if (name.startsWith("app/")) continue; // Vite removes its own
    const source = /^(.*?)(\.d\.ts|\.js(\.map)?)$/.exec(name)?.[1];
    if (source !== undefined && !existsSync(join(root, `${source}.ts`))) rmSync(join(dist, name));
  }
}

/** Whether every source has been compiled to a file, if perhaps an old one. */
function isComplete() {
  return ["src", "datasets"].every((folder) =>
    filesBelow(join(root, folder))
      .filter((name) => name.endsWith(".ts") && !name.endsWith(".test.ts"))
      .every((name) => existsSync(join(dist, folder, name.replace(/\.ts$/, ".js")))),
  );
}

function compile(compiler) {
  removeOrphans();
  if (!isComplete()) rmSync(compiled, { force: true }); // it says which files need not be written again
  const parameters = [compiler, "-p", "tsconfig.build.json"];
  const { status } = spawnSync(process.execPath, parameters, { cwd: root, stdio: "inherit" });
  if (status === 0) utimesSync(compiled, new Date(), new Date()); // tests compare it with the sources
  return status ?? 1;
}

function buildApp() {
  if (appIsUpToDate(root)) return 0;
  const vite = join(
    dirname(createRequire(import.meta.url).resolve("vite/package.json")),
    "bin",
    "vite.js",
  );
  const parameters = [vite, "build", join(root, "app"), "--logLevel", "warn"];
  return stampedBuild(
    root,
    () => spawnSync(process.execPath, parameters, { cwd: root, stdio: "inherit" }).status ?? 1,
  );
}

const compiler = findCompiler();
if (compiler !== undefined) {
  process.exitCode = compile(compiler) || buildApp(); // its worker is among what is compiled
} else if (existsSync(dist)) {
  console.log("flava: kept dist/ as it is, because TypeScript is not installed");
} else {
  console.error(
    "flava: dist/ cannot be built, because TypeScript, a development dependency, is not installed. " +
      "Run: npm ci --include=dev",
  );
  process.exitCode = 1;
}

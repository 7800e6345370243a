// What dist/app was built from. Times would not say it: a clone or a copy has new ones, and compiling dist/src alone, whose workers
// the app contains, leaves the app as it was.

import { createHash } from "node:crypto";
import { existsSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";

/**
 * A hash of the sources of the web app below the root of the project: its pages, all of src/, from which come its workers, the kernels
 * in WebAssembly, and the versions of packages.
 */
function hashOfSources(root) {
  const below = ["app", "src"].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile() && !entry.name.endsWith(".test.ts"))
      .map((entry) => join(entry.parentPath, entry.name)),
  );
  const others = ["package-lock.json", "native/wasm/flava.wasm"].map((name) => join(root, name));
  const hash = createHash("sha256");
  for (const path of [...below, ...others].sort()) {
    const content = readFileSync(path);
    hash.update(`${relative(root, path)}\0${content.length}\0`).update(content);
  }
  return hash.digest("hex");
}

// vite, which builds into an empty directory, removes it; so an app that anything else has built counts as old
const stampOf = (root) => join(root, "dist", "app", "sources.sha256");

/** Whether the sources of the web app are those from which dist/app was built. */
export function appIsUpToDate(root) {
  const stamp = stampOf(root);
  return existsSync(stamp) && readFileSync(stamp, "utf8") === hashOfSources(root);
}

/** Builds the app by a function that returns the status of Vite, and writes down what it was built from. */
export function stampedBuild(root, build) {
  const hash = hashOfSources(root); // before, so that what changes meanwhile counts as new
  const status = build();
  if (status === 0) writeFileSync(stampOf(root), hash);
  return status;
}

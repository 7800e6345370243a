/**
 * Before tests run, fixes the processor level and compiles `dist/`, where it is older than the sources: the command line
 * and worker threads are tested as they are installed, and never by a stale build.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { appIsUpToDate } from "../scripts/app-sources.mjs";
import { nativeLevels } from "../src/backend/native.js";

const root = join(import.meta.dirname, "..");

/** The command line, for tests that run it as a process. */
export const program = join(root, "dist", "src", "cli", "main.js");

/** Where the web app is built. */
const pages = join(root, "dist", "app");

/** The directory of the built web app. Throws if its sources have changed since, as they may while Vitest watches them. */
export function builtPages(): string {
  if (!appIsUpToDate(root))
    throw new Error(
      `${pages} was not built from app/ and src/ as they are now, so it would not be these that are tested. Run: npm run build`,
    );
  return pages;
}

/** Called once by Vitest (`globalSetup`). */
export function setup(): void {
  // The highest, so that no test process measures which is the fastest.
  process.env.FLAVA_LEVEL ??= nativeLevels().at(-1) ?? "";
  const built = statSync(join(root, "build", "dist.tsbuildinfo"), { throwIfNoEntry: false });
  const isComplete = existsSync(program) && appIsUpToDate(root);
  if (isComplete && lastChange() <= (built?.mtimeMs ?? 0)) return;
  const build = join(root, "scripts", "build.mjs");
  const { status } = spawnSync(process.execPath, [build], { stdio: "inherit" });
  if (status !== 0) throw new Error("dist/ could not be built, and tests need it.");
}

/** When a source was last changed, added or removed, in milliseconds: directories have their own times. */
function lastChange(): number {
  const paths = ["tsconfig.json", "tsconfig.build.json"];
  for (const directory of ["src", "datasets"]) {
    const entries = readdirSync(join(root, directory), { recursive: true, encoding: "utf8" });
    paths.push(directory, ...entries.map((entry) => join(directory, entry)));
  }
  const times = paths
    .filter((path) => !path.endsWith(".test.ts"))
    .map((path) => statSync(join(root, path)).mtimeMs);
  return Math.max(...times);
}

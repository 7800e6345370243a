#!/usr/bin/env node
/** The command line. */
import { Command } from "commander";
import { packageVersion } from "../base/package-root.js";
import { verbs } from "./verbs.js";

const program = new Command("flava")
  .description("FLAVA, one model for images, text and both (arXiv 2112.04482).")
  .version(packageVersion())
  // Usage errors exit with 2, failures of the work itself with 1.
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? 0 : 2));

// A reader that has left, as in `flava tasks | head`, ends the program without a word, as SIGPIPE ends others.
// Where results cannot be written for another reason, as on a full disk, they are lost, and the program has failed.
process.stdout.on("error", ({ code, message }: NodeJS.ErrnoException) => {
  if (code !== "EPIPE") console.error(`flava: The output cannot be written: ${message}`);
  process.exit(code === "EPIPE" ? 141 : 1);
});
process.stderr.on("error", () => undefined); // messages that nobody can read stop nothing

// Of the other verbs, help and the answer to a misspelt one need the names alone.
const asked = process.argv.slice(2).find((word) => word !== "help" && !word.startsWith("-"));
for (const [name, { summary, isShared = false, load }] of Object.entries(verbs)) {
  if (name === asked) {
    (await load())(program);
    const { refuseGivenTwice } = await import("./given-twice.js");
    refuseGivenTwice(program);
    const { requireAlone } = await import("../parallel/launcher.js");
    if (!isShared) program.hook("preAction", () => requireAlone(name));
  } else program.command(name).summary(summary);
}

try {
  await program.parseAsync();
} catch (error) {
  console.error(`flava: ${messageOf(error)}`);
  process.exitCode ??= 1; // 130 if interrupted
}

/** What is said of an error; Node names no file where a disk is full. */
function messageOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return (error as NodeJS.ErrnoException).code === "ENOSPC"
    ? `The disk of the output, or that of the cache, is full: make room, or write to another one (${error.message}).`
    : error.message;
}

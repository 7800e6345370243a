import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, expect, it, vi } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { addShards } from "./shards.js";

const folder = temporaryDirectory();
afterEach(() => vi.restoreAllMocks());

it("makes a sample of each paragraph of a text file, as training does", async () => {
  const notes = join(folder, "notes.txt");
  writeFileSync(notes, "One paragraph.\n\nAnother one.\n\nAnother one.\n");
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((line: string) => lines.push(line));
  const program = new Command();
  addShards(program);
  const words = ["shards", notes, "--out", join(folder, "shards"), "--deduplicate"];
  await program.parseAsync(words, { from: "user" });
  expect(lines).toEqual([
    expect.stringContaining(": 2 samples, 0 of them pairs;"),
    "1 duplicate was left out",
  ]);
});

/**
 * Updates of an index in a process of its own, for the test that kills it:
 *   node index-updates.mjs DIRECTORY FIRST   makes updates from number FIRST on, and prints each number once acknowledged
 */
import { stdout } from "node:process";
import { referenceBackend } from "../dist/src/backend/reference.js";
import { ExactIndex } from "../dist/src/search/exact-index.js";
import { updateOf } from "./index-update.mjs";

const [directory, first] = process.argv.slice(2);
const options = { writable: true, compactBytes: 2000 };
const index = await ExactIndex.open(directory, referenceBackend(), options);
for (let number = Number(first); ; number++) {
  const { put, deleted } = updateOf(number);
  await (put ? index.put(put) : index.delete(deleted));
  stdout.write(`${number}\n`);
}

// Compares the results that `check` wrote (see main.cpp): all levels in the folders with the first level of the first one.
//
//   node native/check/compare.mjs <folder> <folder> ...
//
// Fails where a program's results differ by more than the rounding of bfloat16, relative to their norm.
import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

const allowed = 2 ** -7;
const levels = process.argv
  .slice(2)
  .flatMap((folder) => readdirSync(folder).map((level) => join(folder, level)));
const [first, ...others] = levels;

const read = (path) => {
  const { buffer, byteOffset, length } = readFileSync(path);
  return new Float32Array(buffer.slice(byteOffset, byteOffset + length));
};

/** Norm of the difference over the norm of `a`; numbers that are not finite must be the same. */
function distance(a, b) {
  if (a.length !== b.length) return Infinity;
  let [difference, norm] = [0, 0];
  for (let i = 0; i < a.length; i++) {
    if (Object.is(a[i], b[i])) norm += Number.isFinite(a[i]) ? a[i] ** 2 : 0;
    else if (!Number.isFinite(a[i]) || !Number.isFinite(b[i])) return Infinity;
    else [difference, norm] = [difference + (a[i] - b[i]) ** 2, norm + a[i] ** 2];
  }
  return difference === 0 ? 0 : Math.sqrt(difference / norm);
}

let faults = 0;
const names = readdirSync(first);
for (const level of others) {
  for (const name of names) {
    const found = distance(read(join(first, name)), read(join(level, name)));
    if (found <= allowed) continue;
    faults++;
    console.error(`${name}: ${level} differs from ${first} by ${found}`);
  }
}
console.log(`${names.length} programs, ${others.length} levels against ${first}: ${faults} differ`);
if (faults > 0 || names.length === 0 || others.length === 0) process.exitCode = 1;

/** Holds tests that share a process to leave it as they found it: the next file must not depend on the one before. */
import { afterAll, expect } from "vitest";

const libraries = ["VIPSHOME"]; // set once by what decodes images, when it is loaded
const environment = { ...process.env };
const directory = process.cwd();

afterAll(() => {
  const names = new Set([...Object.keys(environment), ...Object.keys(process.env)]);
  const changed = [...names].filter(
    (name) => process.env[name] !== environment[name] && !libraries.includes(name),
  );
  expect(
    { changed, directory: process.cwd() },
    "This file left the environment or the directory changed: restore them, or list it in vitest.config.ts as one that runs alone.",
  ).toEqual({ changed: [], directory });
});

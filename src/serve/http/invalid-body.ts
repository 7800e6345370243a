/** What is wrong with a body that does not fit its schema: the field, what it has to be, and what it is. */
import type { z } from "@hono/zod-openapi";
import { listed } from "../../base/counted.js";
import { suggestion } from "../../base/suggestion.js";
import { ApiError } from "./api-error.js";

/** The error that answers `content`, of which Zod has found `issues`. */
export function invalidBody(
  issues: readonly z.core.$ZodIssue[],
  content: unknown,
  schema: z.ZodObject,
): ApiError {
  const fields = Object.keys(schema.shape);
  // A misspelled field explains why another one is missing.
  const unknown = issues.find(
    ({ code, path }) => code === "unrecognized_keys" && path.length === 0,
  );
  const { path, message, keys } = deepestIssue(unknown ? [unknown] : issues);
  const param = nameOf(path);
  if (keys?.[0] !== undefined) {
    const similar = keys.map((key) => suggestion(key, fields)).join("");
    const where = param === "" ? "" : `${param}: `;
    const known = param === "" ? ` The fields are ${fields.join(", ")}.` : "";
    return new ApiError(422, `${where}${message}.${similar || known}`, {
      ...(param !== "" && { param }),
    });
  }
  const given = path.reduce<unknown>(
    (value, part) => (value as Record<PropertyKey, unknown> | undefined)?.[part],
    content,
  );
  if (param !== "") return new ApiError(422, `${param}: ${butGot(message, given)}`, { param });
  return new ApiError(
    422,
    `The body is ${shown(given)}: expected an object with some of the fields ${fields.join(", ")}.`,
  );
}

/** Zod's names of types, as people say them. */
const types: Readonly<Record<string, string>> = {
  "number to be": "a number",
  "array to have >=1 items": "one value or more",
  ...{ array: "an array", boolean: "true or false", int: "a whole number", number: "a number" },
  ...{ object: "an object", record: "an object of texts by name", string: "a text" },
};
const typeAtStart = new RegExp(`^expected (${Object.keys(types).join("|")})(?=$|[ ,])`);

/** What was expected, in Zod's words or in those of the schema, and what came instead. */
function butGot(message: string, given: unknown): string {
  const expected = message
    .replace(/^[A-Z][a-z ]*: (?=expected)/, "") // what Zod says before what it expected
    .replace(/, received \w+$/, "")
    .replace(typeAtStart, (_, type: string) => `expected ${types[type]!}`)
    .replaceAll('"|"', '" or "');
  if (!expected.startsWith("expected") || expected.includes(", but ")) return expected;
  return `${expected}, but ${given === undefined ? "it is missing" : `got ${shown(given)}`}`;
}

const longestShown = 40;

function shown(value: unknown): string {
  if (value instanceof Uint8Array) return "a file";
  if (Array.isArray(value)) return value.length === 0 ? "an empty array" : "an array";
  if (typeof value === "string" && value.length > longestShown)
    return `${JSON.stringify(value.slice(0, longestShown))}...`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const names = Object.keys(value).map((name) => name.slice(0, longestShown));
  return names.length === 0 ? "an empty object" : `an object with ${listed(names, 3)}`;
}

/** The issue that says most: inside a union, that of the alternative which comes furthest. */
function deepestIssue(issues: readonly z.core.$ZodIssue[]): {
  readonly path: readonly PropertyKey[];
  readonly message: string;
  /** Fields that there are not. */
  readonly keys?: readonly string[];
} {
  const [issue] = issues;
  if (!issue) return { path: [], message: "The body is not valid." };
  if (issue.code !== "invalid_union") return issue;
  const within = issue.errors
    .filter((alternative) => !alternative.some(({ code }) => code === "unrecognized_keys"))
    .map(deepestIssue)
    .reduce((best, other) => (isFurther(other.path, best.path) ? other : best), {
      path: [],
      message: issue.message,
    });
  return { path: [...issue.path, ...within.path], message: within.message };
}

function isFurther(path: readonly PropertyKey[], other: readonly PropertyKey[]): boolean {
  if (path.length !== other.length) return path.length > other.length;
  return Number(path[0]) >= Number(other[0]); // the elements before it are valid
}

/** "images[2].text" for a path. */
const nameOf = (path: readonly PropertyKey[]): string =>
  path
    .map((part) => (typeof part === "number" ? `[${part}]` : `.${String(part)}`))
    .join("")
    .replace(/^\./, "");

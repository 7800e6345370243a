/** Errors in a recipe, described in the recipe's own terms. */
import { z } from "zod";
import { suggestion } from "../base/suggestion.js";

/** Describes an issue that `schema` found in `input`, as in "stages.joint.steps: expected a number". */
export function describeFault(schema: z.ZodType, input: unknown, issue: z.core.$ZodIssue): string {
  const inner = issue.code === "invalid_union" ? faultOfOption(issue) : undefined;
  if (inner)
    return describeFault(schema, input, { ...inner, path: [...issue.path, ...inner.path] });
  const { path, message } = issue;
  const similar =
    issue.code === "unrecognized_keys"
      ? `.${suggestions(schema, path, issue.keys)}`
      : issue.code === "invalid_value"
        ? similarValue(valueAt(input, path), issue.values)
        : "";
  return `${namedPath(input, path)}: ${message}${similar}`;
}

/** The fault of the option of a union that was most likely meant: it accepts what kind of value was given. */
function faultOfOption({ errors }: z.core.$ZodIssueInvalidUnion): z.core.$ZodIssue | undefined {
  const isWithin = ([fault]: readonly z.core.$ZodIssue[]): boolean =>
    fault !== undefined && (fault.path.length > 0 || fault.code === "unrecognized_keys");
  const isOfOtherKind = ([fault]: readonly z.core.$ZodIssue[]): boolean =>
    fault?.code === "invalid_type";
  return (errors.find(isWithin) ?? errors.find((faults) => !isOfOtherKind(faults)))?.[0];
}

function similarValue(given: unknown, values: readonly unknown[]): string {
  if (typeof given !== "string") return "";
  const similar = suggestion(given, values.map(String));
  return similar === "" ? "" : `.${similar}`;
}

function valueAt(input: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>(
    (place, key) => (place as Readonly<Record<PropertyKey, unknown>> | undefined)?.[key],
    input,
  );
}

/** The path of a setting with stages by name, as in stages.joint.steps; the root is "recipe". */
function namedPath(input: unknown, path: readonly PropertyKey[]): string {
  if (path.length === 0) return "recipe";
  const [first, index, ...rest] = path;
  const name = first === "stages" && typeof index === "number" && stageNames(input)[index];
  return (name ? [first, name, ...rest] : path).map(String).join(".");
}

/** The names of the stages of an unchecked recipe, by index; undefined for a stage without a name. */
export function stageNames(input: unknown): (string | undefined)[] {
  const { stages } = (input ?? {}) as { readonly stages?: unknown };
  if (!Array.isArray(stages)) return [];
  return stages.map((stage: unknown) => {
    const { kind, name = kind === "codebook" ? kind : undefined } = (stage ?? {}) as {
      readonly kind?: unknown;
      readonly name?: unknown;
    };
    return typeof name === "string" ? name : undefined;
  });
}

/** Suggestions for unknown keys at `path`. */
function suggestions(
  schema: z.ZodType,
  path: readonly PropertyKey[],
  unknown: readonly string[],
): string {
  const known = path.reduce<z.ZodType[]>(
    (places, key) => places.flatMap((place) => below(place, key)),
    [schema],
  );
  const names = [...new Set(known.flatMap(keysOf))];
  return unknown.map((key) => suggestion(key, names)).join("");
}

/** The possible schemas of a setting: the schema without its default, or each option of a union. */
function forms(type: z.ZodType): z.ZodType[] {
  if (
    type instanceof z.ZodDefault ||
    type instanceof z.ZodPrefault ||
    type instanceof z.ZodOptional
  ) {
    return forms(type.unwrap() as z.ZodType);
  }
  if (type instanceof z.ZodUnion) return (type.options as z.ZodType[]).flatMap(forms);
  return [type];
}

function below(type: z.ZodType, key: PropertyKey): z.ZodType[] {
  return forms(type).flatMap((form) => {
    if (form instanceof z.ZodArray) return [form.element as z.ZodType];
    const inside =
      form instanceof z.ZodObject ? (form.shape as Record<PropertyKey, z.ZodType>)[key] : undefined;
    return inside ? [inside] : [];
  });
}

const keysOf = (type: z.ZodType): string[] =>
  forms(type).flatMap((form) => (form instanceof z.ZodObject ? Object.keys(form.shape) : []));

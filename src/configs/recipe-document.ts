/** What editors and readers need to know about recipes: their JSON schema, and a table of all settings. */
import { z } from "zod";
import { recipeSchema } from "./recipe.js";

/** The name of the file that printed recipes expect the schema in. */
export const schemaName = "recipe.schema.json";

/** A JSON schema of recipes, by which editors complete and check settings. */
export function recipeJsonSchema(): z.core.JSONSchema.BaseSchema {
  return z.toJSONSchema(recipeSchema, { io: "input" });
}

type Schema = z.core.JSONSchema.BaseSchema & { readonly paper?: string };

/** A table of every setting, in Markdown: path, kind of value, default, the paper's value, and meaning. */
export function settingsTable(): string {
  const schema = recipeJsonSchema() as Schema;
  const { dataSet } = schema.$defs as unknown as { readonly dataSet: Schema };
  const rows = [...settingsOf(schema), ...belowSetting(dataSet, "(data set)")];
  const lines = rows.map(({ path, schema, isRequired }) => {
    const { description = "", paper = "", default: value } = schema;
    const standard = value === undefined ? (isRequired ? "required" : "") : code(value);
    return `| \`${path}\` | ${kindOf(schema)} | ${standard} | ${paper} | ${escaped(description)} |`;
  });
  const head = [
    "| setting | value | default | paper | meaning |",
    "| --- | --- | --- | --- | --- |",
  ];
  return [...head, ...lines].join("\n");
}

interface Setting {
  readonly path: string;
  readonly schema: Schema;
  readonly isRequired: boolean;
}

/** The settings of an object and those below them. */
function settingsOf(schema: Schema, prefix = ""): Setting[] {
  return Object.entries(schema.properties ?? {}).flatMap(([name, value]) => {
    const path = `${prefix}${name}`;
    const place = value as Schema;
    const isRequired = schema.required?.includes(name) ?? false;
    return [{ path, schema: place, isRequired }, ...belowSetting(place, path)];
  });
}

function belowSetting(schema: Schema, path: string): Setting[] {
  if (schema.items) {
    const { oneOf } = schema.items as Schema;
    if (oneOf) return settingsOfStages(oneOf, path);
    return belowSetting(schema.items as Schema, `${path}[]`);
  }
  const objects = [schema, ...((schema.anyOf ?? []) as Schema[])];
  return objects.flatMap((object) => settingsOf(object, `${path}.`));
}

/** As in stages.codebook.usage; settings that all kinds of stages share come first, as in stages.*.rate. */
function settingsOfStages(stages: readonly Schema[], path: string): Setting[] {
  const kinds = stages.map((stage) => ({
    kind: (stage.properties?.kind as Schema).const as string,
    settings: settingsOf(stage),
  }));
  const [first, ...others] = kinds.map(({ settings }) => settings);
  const shared = (first ?? []).filter((setting) =>
    others.every((own) => own.some((other) => JSON.stringify(other) === JSON.stringify(setting))),
  );
  const names = new Set(shared.map((setting) => setting.path));
  const own = kinds.flatMap(({ kind, settings }) =>
    settings
      .filter((setting) => !names.has(setting.path))
      .map((setting) => ({ ...setting, path: `${path}.${kind}.${setting.path}` })),
  );
  return [...shared.map((setting) => ({ ...setting, path: `${path}.*.${setting.path}` })), ...own];
}

/** The kind of value, as in "whole number from 1" or "list of texts". */
function kindOf(schema: Schema): string {
  const { type, anyOf, const: only } = schema;
  const choices = schema.enum;
  if (only !== undefined) return code(only);
  if (choices) return choices.map(code).join(", ");
  if (anyOf) return (anyOf as Schema[]).map(kindOf).join("; or ");
  if (type === "array") return listOf(schema);
  if (type === "string") return "text";
  if (type === "boolean") return "true or false";
  if (type === "integer") return `whole number${rangeOf(schema)}`;
  return type === "number" ? `number${rangeOf(schema)}` : "object";
}

function listOf({ items, prefixItems }: Schema): string {
  if (prefixItems) return `list of ${prefixItems.length} numbers`;
  const { oneOf, type, $ref } = items as Schema;
  if (oneOf) return "list of stages";
  if ($ref) return "list of data sets";
  return `list of ${type === "string" ? "texts" : type === "object" ? "objects" : "whole numbers"}`;
}

function rangeOf({ minimum, exclusiveMinimum, maximum, exclusiveMaximum }: Schema): string {
  const most = maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  if (minimum !== undefined && most !== undefined) return ` from ${minimum} to ${most}`;
  if (minimum !== undefined && exclusiveMaximum !== undefined)
    return ` from ${minimum} to below ${exclusiveMaximum}`;
  if (minimum !== undefined && minimum !== Number.MIN_SAFE_INTEGER) return ` from ${minimum}`;
  if (exclusiveMinimum === 0) return ` above 0${most === undefined ? "" : `, at most ${most}`}`;
  return "";
}

const code = (value: unknown): string => `\`${escaped(JSON.stringify(value))}\``;
const escaped = (text: string): string => text.replaceAll("|", "\\|");

/** A multipart form as the object that a JSON body would be. */
import { z } from "@hono/zod-openapi";
import { DuplicateKeyError, parseJson } from "../../data/json.js";

/** Files become bytes, repeated fields arrays, and texts what they are as JSON: see `valueOf`. */
export async function fieldsOf(
  form: FormData,
  schema: z.ZodObject,
): Promise<Record<string, unknown>> {
  const shape = schema.shape as Readonly<Record<string, z.ZodType>>;
  const fields = [...new Set(form.keys())].map(async (name) => {
    const field = Object.hasOwn(shape, name) ? shape[name] : undefined;
    const values = await Promise.all(
      form.getAll(name).map(async (value) => {
        if (typeof value !== "string") return new Uint8Array(await value.arrayBuffer());
        return field === undefined ? value : valueOf(value, field);
      }),
    );
    return [name, values.length === 1 ? values[0] : values] as const;
  });
  return Object.fromEntries(await Promise.all(fields)); // also where a field is called __proto__
}

/** Lists and objects in JSON, where the field takes some; else the text; else what it is in JSON: numbers, true and false. */
function valueOf(text: string, field: z.ZodType): unknown {
  const parsed = fromJson(text);
  const isStructure = typeof parsed === "object" && parsed !== null;
  if (isStructure && takes(field, Array.isArray(parsed))) return parsed;
  return field.safeParse(text).success ? text : parsed;
}

/** Whether a field takes lists, or objects, whatever has to be in them. */
function takes(field: unknown, lists: boolean): boolean {
  if (field instanceof z.ZodOptional || field instanceof z.ZodDefault) {
    return takes(field.unwrap(), lists);
  }
  if (field instanceof z.ZodPipe) return takes(field.out, lists);
  if (field instanceof z.ZodUnion) return field.options.some((option) => takes(option, lists));
  return lists
    ? field instanceof z.ZodArray
    : field instanceof z.ZodObject || field instanceof z.ZodRecord;
}

/** A text that is no JSON stays as it is; the schema then says what was expected. */
function fromJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (error instanceof DuplicateKeyError) throw error;
    return text;
  }
}

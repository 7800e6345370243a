/** A multipart form as the object that a JSON body would be. */

/** Fields whose values are not texts. */
const converted: Readonly<Record<string, (text: string) => unknown>> = {
  dimensions: Number,
  top: Number,
  seed: Number,
  hidden: (text) => JSON.parse(text) as unknown,
  truncate: (text) => JSON.parse(text) as unknown,
};

/** Files become bytes, repeated fields arrays. */
export async function fieldsOf(form: FormData): Promise<Record<string, unknown>> {
  const fields: Record<string, unknown> = {};
  for (const name of new Set(form.keys())) {
    const values = await Promise.all(
      form.getAll(name).map(async (value) => {
        if (typeof value !== "string") return new Uint8Array(await value.arrayBuffer());
        return Object.hasOwn(converted, name) ? converted[name]!(value) : value;
      }),
    );
    fields[name] = values.length === 1 ? values[0] : values;
  }
  return fields;
}

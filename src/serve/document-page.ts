/** The OpenAPI document as a page to read, which loads nothing from elsewhere. */
import { type Html, html } from "../report/html.js";
import { type Section, page } from "../report/page.js";

/** The parts of a JSON schema that the page shows. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly enum?: readonly unknown[];
  readonly description?: string;
  readonly default?: unknown;
  readonly format?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
}

interface Content {
  readonly content?: Readonly<Record<string, { readonly schema?: Schema }>>;
}

interface Operation {
  readonly summary?: string;
  readonly requestBody?: Content;
  readonly responses?: Readonly<Record<string, Content>>;
}

/** The parts of an OpenAPI document that the page shows. */
interface Document {
  readonly info: { readonly title: string; readonly description?: string };
  readonly paths?: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components?: { readonly schemas?: Readonly<Record<string, Schema>> };
}

/** @param given an OpenAPI document */
export function documentPage(given: object): string {
  const document = given as Document;
  const sections = Object.entries(document.paths ?? {}).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, operation]) =>
      sectionOf(method.toUpperCase(), path, operation, document),
    ),
  );
  const { title, description = "" } = document.info;
  return page(title, `${description} The same for programs: /openapi.json.`, sections);
}

function sectionOf(
  method: string,
  path: string,
  { summary = "", requestBody, responses }: Operation,
  document: Document,
): Section {
  const request = schemaOf(requestBody);
  const response = schemaOf(responses?.["200"]);
  return {
    title: `${method} ${path}`,
    body: html`<p>${summary}</p>
      ${
        request
          ? html`<h3>Request</h3>
              ${fieldsOf(request, document)}`
          : ""
      }
      ${
        response
          ? html`<h3>Response</h3>
              ${fieldsOf(response, document)}`
          : ""
      }`,
  };
}

const schemaOf = (part: Content | undefined): Schema | undefined =>
  part?.content?.["application/json"]?.schema;

/** A table of an object's fields. */
function fieldsOf(schema: Schema, document: Document): Html {
  const { properties = {}, required = [] } = resolved(schema, document);
  const rows = Object.entries(properties).map(([name, field]) => {
    const { description = "" } = { ...resolved(field, document), ...field };
    const fallback =
      field.default === undefined ? "" : ` Default: ${JSON.stringify(field.default)}.`;
    return html`<tr>
      <td>
        <code>${name}</code
        >${required.includes(name) ? "" : html` <span class="quiet">optional</span>`}
      </td>
      <td>${typeOf(field, document)}</td>
      <td>${description}${fallback}</td>
    </tr>`;
  });
  return html`<div class="scroll">
    <table>
      <tr>
        <th>Field</th>
        <th>Type</th>
        <th>Meaning</th>
      </tr>
      ${rows}
    </table>
  </div>`;
}

/** A type in few words: "string or array of Image". */
function typeOf(schema: Schema, document: Document): string {
  if (schema.$ref !== undefined) {
    const { properties } = resolved(schema, document);
    return properties ? typeOf({ properties }, document) : nameOf(schema.$ref);
  }
  if (schema.anyOf) return schema.anyOf.map((one) => typeOf(one, document)).join(" or ");
  if (schema.enum) return schema.enum.map((value) => JSON.stringify(value)).join(" or ");
  if (schema.items) return `array of ${typeOf(schema.items, document)}`;
  if (schema.properties) {
    const fields = Object.entries(schema.properties);
    return `{ ${fields.map(([name, field]) => `${name}: ${typeOf(field, document)}`).join(", ")} }`;
  }
  return schema.format === "binary" ? "file" : [schema.type ?? "any"].flat().join(" or ");
}

const nameOf = (reference: string): string => reference.split("/").at(-1)!;

const resolved = (schema: Schema, { components }: Document): Schema =>
  schema.$ref === undefined ? schema : (components?.schemas?.[nameOf(schema.$ref)] ?? {});

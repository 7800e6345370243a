import { basename, resolve } from "node:path";
import { shippedModel } from "../../api/load.js";

/** A model to serve, and the name that clients call it by. */
export interface NamedModel {
  readonly name: string;
  readonly path: string;
}

/**
 * Reads the values of --model: "NAME=PATH", or a path, whose last part is the name.
 * @throws RangeError if two have the same name
 */
export function namedModels(given: readonly string[] = [shippedModel()]): NamedModel[] {
  const models = given.map((value) => {
    const [, name, path] = /^([\w.-]+)=(.+)$/.exec(value) ?? [];
    return { name: name ?? basename(resolve(value)), path: path ?? value };
  });
  for (const { name } of models) {
    if (models.filter((other) => other.name === name).length > 1) {
      throw new RangeError(
        `Two models are called ${name}. Give each a name of its own: --model first=PATH --model second=PATH`,
      );
    }
  }
  return models;
}

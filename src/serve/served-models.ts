import type { Flava } from "../api/flava.js";
import { ApiError } from "./http/api-error.js";
import { ServedModel } from "./served-model.js";

/** Loads a model; called when the server starts, and again when it reloads. */
export type LoadModel = () => Promise<Flava>;

/** The models of a server by name. */
export class ServedModels {
  readonly #models = new Map<string, ServedModel>();

  /** Loads all models, the default one first. */
  static async load(loaders: Readonly<Record<string, LoadModel>>): Promise<ServedModels> {
    const models = new ServedModels();
    for (const [name, load] of Object.entries(loaders)) {
      models.#models.set(name, new ServedModel(name, await load()));
    }
    if (models.#models.size === 0) throw new RangeError("Expected one or more models to serve.");
    return models;
  }

  all(): ServedModel[] {
    return [...this.#models.values()];
  }

  /**
   * The model called `name`, or the default one.
   * @throws ApiError 404 if there is none
   */
  get(name = this.#models.keys().next().value!): ServedModel {
    const model = this.#models.get(name);
    if (model) return model;
    const known = [...this.#models.keys()].map((one) => JSON.stringify(one)).join(", ");
    throw new ApiError(
      404,
      `There is no model ${JSON.stringify(name.slice(0, 80))}; this server has ${known}.`,
      { param: "model", code: "model_not_found" },
    );
  }

  async close(): Promise<void> {
    for (const { flava } of this.all()) await flava.close();
  }
}

import type { Flava } from "../../api/flava.js";
import { CallQueue } from "../../base/call-queue.js";
import { openIndex } from "../../search/open-index.js";
import { ApiError } from "../http/api-error.js";
import { ServedModel, type ServedModelOptions } from "./served-model.js";

/** Loads a model; called when the server starts, and again when it reloads. */
export type LoadModel = () => Promise<Flava>;

export interface ServedModelsOptions extends Omit<ServedModelOptions, "index"> {
  /** What the default model searches: a directory made by `flava index`, or a file written by `flava embed`. */
  readonly index?: string | undefined;
}

/** A model in use, until `release` is called. */
interface Acquired {
  readonly model: ServedModel;
  readonly release: () => void;
}

interface Entry {
  readonly model: ServedModel;
  /** Calls that use it. */
  users: number;
  /** Closes the model as soon as nobody uses it. */
  onFree?: () => void;
}

/** The models of a server by name. */
export class ServedModels {
  readonly #entries = new Map<string, Entry>();
  /** One after another, so that what was loaded last is what is served. */
  readonly #reloads = new CallQueue();

  private constructor(
    private readonly loaders: Readonly<Record<string, LoadModel>>,
    private readonly options: ServedModelsOptions,
  ) {}

  /** Loads all models, the default one first. */
  static async load(
    loaders: Readonly<Record<string, LoadModel>>,
    options: ServedModelsOptions,
  ): Promise<ServedModels> {
    if (Object.keys(loaders).length === 0) {
      throw new RangeError("Expected one or more models to serve, but got none.");
    }
    const models = new ServedModels(loaders, options);
    await models.reload();
    return models;
  }

  /**
   * Loads all models again. Calls go on with the models that they began with, which are closed after the last of them. If one
   * cannot be loaded, all stay as they were.
   */
  reload(): Promise<void> {
    return this.#reloads.run(() => this.#loadAll());
  }

  async #loadAll(): Promise<void> {
    const fresh: ServedModel[] = [];
    try {
      for (const [place, [name, load]] of Object.entries(this.loaders).entries()) {
        fresh.push(await this.#open(name, load, place === 0 ? this.options.index : undefined));
      }
    } catch (error) {
      await Promise.all(fresh.map((model) => model.close()));
      throw error;
    }
    for (const model of fresh) {
      const old = this.#entries.get(model.name);
      this.#entries.set(model.name, { model, users: 0 });
      if (old) void closed(old);
    }
  }

  async #open(name: string, load: LoadModel, path: string | undefined): Promise<ServedModel> {
    const flava = await load();
    try {
      const index = path === undefined ? undefined : await openIndex(path, flava);
      return new ServedModel(name, flava, { ...this.options, index });
    } catch (error) {
      await flava.close();
      throw error;
    }
  }

  all(): ServedModel[] {
    return [...this.#entries.values()].map(({ model }) => model);
  }

  /**
   * The model called `name`, or the default one.
   * @throws ApiError 404 if there is none
   */
  acquire(name = Object.keys(this.loaders)[0]!): Acquired {
    const entry = this.#entries.get(name);
    if (!entry) {
      const known = Object.keys(this.loaders).map((one) => JSON.stringify(one));
      throw new ApiError(
        404,
        `There is no model ${JSON.stringify(name.slice(0, 80))}; this server has ${known.join(", ")}.`,
        { param: "model", code: "model_not_found" },
      );
    }
    entry.users++;
    const release = (): void => {
      entry.users--;
      if (entry.users === 0) entry.onFree?.();
    };
    return { model: entry.model, release };
  }

  /** Closes all models, each after its last call. */
  async close(): Promise<void> {
    await this.#reloads.idle();
    await Promise.all([...this.#entries.values()].map(closed));
  }
}

async function closed(entry: Entry): Promise<void> {
  if (entry.users > 0) await new Promise<void>((free) => (entry.onFree = free));
  await entry.model.close();
}

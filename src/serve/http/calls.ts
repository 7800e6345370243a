/** What every request to /v1 goes through before its operation, and after it. */
import { counted } from "../../base/counted.js";
import { getConnInfo } from "@hono/node-server/conninfo";
import type { Context, MiddlewareHandler } from "hono";
import { GivenImage, type ImageReader } from "../images/given-image.js";
import type { ServedModels } from "../models/served-models.js";
import type { Admission } from "./admission.js";
import { ApiError, unusable } from "./api-error.js";
import type { ApiKeys } from "./api-keys.js";
import type { AppEnvironment } from "./app.js";
import type { Call } from "./call.js";
import type { ServerLimits } from "./limits.js";

export interface CallsOptions {
  readonly models: ServedModels;
  readonly limits: ServerLimits;
  readonly reader: ImageReader;
  readonly admission: Admission;
  readonly keys?: ApiKeys | undefined;
  /** Whether new requests are taken. */
  readonly isReady: () => boolean;
}

/** Checks the API key, admits the request, and gives it a signal that ends with it. */
export function calls(options: CallsOptions): MiddlewareHandler<AppEnvironment> {
  const { limits, admission, keys, isReady } = options;
  return async (context, next) => {
    const { req } = context;
    const facts = context.get("facts");
    facts.client = keys?.nameOf(req.header("authorization")) ?? addressOf(context);
    if (!isReady()) {
      throw new ApiError(503, "The server is stopping.", { headers: { connection: "close" } });
    }
    const isChunked = req.header("transfer-encoding") !== undefined; // of any length
    const bytes = isChunked ? limits.bodyBytes : Number(req.header("content-length") ?? 0);
    const release = admission.enter(bytes);
    const end = new AbortController();
    const timer = setTimeout(() => {
      end.abort(
        new ApiError(504, `The request took longer than ${counted(limits.seconds, "second")}.`),
      );
    }, limits.seconds * 1000);
    const leave = (): void => end.abort(new ApiError(499 as 400, "The client has gone."));
    const { signal } = req.raw;
    signal.addEventListener("abort", leave);
    const { call, done } = callOf(context, end.signal, options);
    try {
      context.set("call", call);
      await next();
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", leave);
      end.abort(); // drops what still waits if one of its inputs failed
      done();
      release();
    }
  };
}

function callOf(
  context: Context<AppEnvironment>,
  signal: AbortSignal,
  { models, limits, reader }: CallsOptions,
): { readonly call: Call; readonly done: () => void } {
  const facts = context.get("facts");
  const releases: (() => void)[] = [];
  const call: Call = {
    client: facts.client!,
    signal,
    bodyBytes: limits.bodyBytes,
    model: (name) => {
      const { model, release } = models.acquire(name);
      releases.push(release);
      facts.model = model.name;
      return model;
    },
    image: (given, param, uses) => new GivenImage(given, param, reader, signal, uses),
    count: (param, items) => {
      facts.items = (facts.items ?? 0) + items;
      if (facts.items <= limits.items) return;
      throw unusable(
        param,
        `expected at most ${counted(limits.items, "input")} in a request, but got ${facts.items}. Send them in several requests.`,
      );
    },
    read: (tokens) => {
      facts.tokens = (facts.tokens ?? 0) + tokens;
    },
  };
  return { call, done: () => releases.forEach((release) => release()) };
}

/** The address of the client; that of a proxy if there is one. */
function addressOf(context: Context): string {
  const hasSocket = (context.env as { incoming?: unknown } | undefined)?.incoming !== undefined;
  return (hasSocket ? getConnInfo(context).remote.address : undefined) ?? "local";
}

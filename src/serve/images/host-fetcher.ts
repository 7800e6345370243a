import { lookup } from "node:dns";
import type { IncomingMessage } from "node:http";
import { request as httpsRequest } from "node:https";
import { type LookupFunction, isIP } from "node:net";
import { type ApiError, unusable } from "../http/api-error.js";
import { isPublicAddress } from "./public-address.js";

export interface HostFetcherOptions {
  /** Names of hosts to fetch from. */
  readonly hosts: readonly string[];
  /** Most bytes of a file. */
  readonly maxBytes: number;
  /** Starts a request; default: that of node:https. */
  readonly request?: typeof httpsRequest;
  /** Whether an address may be connected to; default: those of the public internet. */
  readonly isAllowed?: (address: string) => boolean;
}

const redirects = 3;
const secondsToAnswer = 10;

/** Fetches images by https from hosts that are allowed by name, wherever they redirect to included. */
export class HostFetcher {
  readonly #options: HostFetcherOptions;
  readonly #hosts: ReadonlySet<string>;

  constructor(options: HostFetcherOptions) {
    this.#options = options;
    this.#hosts = new Set(options.hosts.map((host) => host.toLowerCase()));
  }

  /**
   * The file at `url`.
   * @throws ApiError 422 if the URL is not allowed, or cannot be fetched
   */
  async fetch(url: string, param: string, signal: AbortSignal): Promise<Uint8Array> {
    const limited = AbortSignal.any([signal, AbortSignal.timeout(secondsToAnswer * 1000)]);
    let place = url;
    for (let hop = 0; hop <= redirects; hop++) {
      const answer = await this.#get(this.#checked(place, param), limited).catch(
        (error: unknown) => {
          signal.throwIfAborted();
          throw unfetched(param, place, String(error));
        },
      );
      const { statusCode = 0, headers } = answer;
      if (statusCode >= 300 && statusCode < 400 && headers.location !== undefined) {
        answer.destroy();
        place = parsed(headers.location, place)?.href ?? headers.location;
        continue;
      }
      if (statusCode === 200) return this.#read(answer, param, place);
      answer.destroy();
      throw unfetched(param, place, `the host answers ${statusCode}`);
    }
    throw unfetched(param, url, `it redirects more than ${redirects} times`);
  }

  #checked(place: string, param: string): URL {
    const url = parsed(place);
    if (url?.protocol !== "https:" || url.username !== "" || url.port !== "") {
      throw unfetched(param, place, "expected https://HOST/PATH, without port and password");
    }
    const { hostname } = url;
    if (!this.#hosts.has(hostname)) {
      throw unfetched(param, place, `the server does not allow the host ${hostname}`);
    }
    if (isIP(hostname.replace(/^\[|\]$/g, "")) !== 0) {
      throw unfetched(param, place, "expected the name of a host, not an address");
    }
    return url;
  }

  #get(url: URL, signal: AbortSignal): Promise<IncomingMessage> {
    const { request = httpsRequest } = this.#options;
    return new Promise((resolve, reject) => {
      const headers = { accept: "image/*", "user-agent": "flava" };
      request(url, { lookup: this.#lookup, signal, headers, agent: false }, resolve)
        .on("error", reject)
        .end();
    });
  }

  /** Resolves names for the connection itself, so that no second answer of the name server can differ from the checked one. */
  readonly #lookup: LookupFunction = (hostname, options, callback) => {
    const { isAllowed = isPublicAddress } = this.#options;
    lookup(hostname, { ...options, all: true }, (error, addresses) => {
      if (error) callback(error, []);
      else if (addresses.every(({ address }) => isAllowed(address))) callback(null, addresses);
      else callback(new Error(`${hostname} is in a private network`), []);
    });
  };

  async #read(answer: IncomingMessage, param: string, place: string): Promise<Uint8Array> {
    const { maxBytes } = this.#options;
    const parts: Buffer[] = [];
    let size = 0;
    try {
      for await (const part of answer as AsyncIterable<Buffer>) {
        size += part.length;
        if (size > maxBytes) break;
        parts.push(part);
      }
    } catch (error) {
      throw unfetched(param, place, String(error));
    }
    if (size > maxBytes) throw unfetched(param, place, `the file has more than ${maxBytes} bytes`);
    return Buffer.concat(parts);
  }
}

const parsed = (url: string, base?: string): URL | undefined =>
  URL.canParse(url, base) ? new URL(url, base) : undefined;

const unfetched = (param: string, place: string, reason: string): ApiError =>
  unusable(param, `${place.slice(0, 100)} cannot be fetched: ${reason}.`);

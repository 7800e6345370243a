import { ApiError } from "./api-error.js";
import type { ServerLimits } from "./limits.js";

/** Bodies of the largest size that may be in memory at a time; there are many more small ones. */
const largeBodies = 16;

/** Counts the requests that a server has taken, and refuses more than it can hold. */
export class Admission {
  #requests = 0;
  #bytes = 0;

  constructor(private readonly limits: Pick<ServerLimits, "requests" | "bodyBytes">) {}

  get requests(): number {
    return this.#requests;
  }

  /**
   * Takes a request; the function that is returned ends it.
   * @param bytes of its body
   * @throws ApiError 429 if there are too many already
   */
  enter(bytes: number): () => void {
    const { requests, bodyBytes } = this.limits;
    const isFull = this.#requests >= requests || this.#bytes + bytes > largeBodies * bodyBytes;
    if (isFull) {
      throw new ApiError(
        429,
        `The server is busy with ${this.#requests} requests. Send this one again after the seconds in Retry-After.`,
        { code: "server_busy", headers: { "retry-after": "1" } },
      );
    }
    this.#requests++;
    this.#bytes += bytes;
    return () => {
      this.#requests--;
      this.#bytes -= bytes;
    };
  }
}

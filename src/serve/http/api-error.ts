import type { ContentfulStatusCode } from "hono/utils/http-status";
import type { ErrorResponse } from "../schemas/error.js";

export interface ApiErrorOptions extends ErrorOptions {
  /** The field of the request at fault, such as "images[2]". */
  readonly param?: string;
  /** A word for programs, such as "model_not_found". */
  readonly code?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** A request that is answered with an error, in the form of OpenAI's. */
export class ApiError extends Error {
  override readonly name = "ApiError";

  constructor(
    readonly status: ContentfulStatusCode,
    message: string,
    readonly options: ApiErrorOptions = {},
  ) {
    super(message, options);
  }

  get headers(): Readonly<Record<string, string>> {
    return this.options.headers ?? {};
  }

  get body(): ErrorResponse {
    const { param = null, code = null } = this.options;
    return { error: { message: this.message, type: typeOf(this.status), param, code } };
  }
}

/** A field whose content is of the right kind, but cannot be used: 422. */
export const unusable = (param: string, message: string, cause?: unknown): ApiError =>
  new ApiError(422, `${param}: ${message}`, { param, cause });

/** OpenAI's names of kinds of errors. */
function typeOf(status: number): string {
  if (status === 401 || status === 403) return "authentication_error";
  if (status === 429) return "rate_limit_error";
  return status < 500 ? "invalid_request_error" : "server_error";
}

/** What a server refuses, so that no client can take all of its memory or time. */
export interface ServerLimits {
  /** Most bytes of a body; more get 413. Default: 20 million. */
  readonly bodyBytes: number;
  /** Most pixels of an image; more get 413. Default: 25 million. */
  readonly pixels: number;
  /** Most inputs of a request; more get 422. Default: 2,048. */
  readonly items: number;
  /** Most requests at a time, waiting ones included; more get 429. Default: 256. */
  readonly requests: number;
  /** Seconds that a request may take; those that take longer get 504. Default: 60. */
  readonly seconds: number;
}

export const defaultLimits: ServerLimits = {
  bodyBytes: 20e6,
  pixels: 25e6,
  items: 2048,
  requests: 256,
  seconds: 60,
};

/** What a server that is one of several processes asks the one that started it. */
export interface ServerGroup {
  /** The metrics of all processes together, in the form that Prometheus reads. */
  readonly metrics: () => Promise<string>;
  /** How many of the processes take requests. */
  readonly processes: () => Promise<ProcessCounts>;
}

/** How many processes of a server take requests. */
export interface ProcessCounts {
  /** Those that take requests. */
  readonly ready: number;
  /** All of them. */
  readonly of: number;
}

/** What a server that is one of several processes asks the one that started it. */
export interface ServerGroup {
  /** The metrics of all processes together, in the form that Prometheus reads. */
  readonly metrics: () => Promise<string>;
  /** How many of the processes take requests. */
  readonly processes: () => Promise<ProcessCounts>;
}

export interface ProcessCounts {
  readonly ready: number;
  readonly of: number;
}

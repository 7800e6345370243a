/** The processes of a run, and the rank of this one. */
export interface World {
  /** Number of processes. */
  readonly size: number;
  /** The rank of this process, from 0. */
  readonly rank: number;
}

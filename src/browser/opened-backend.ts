import type { Backend } from "../backend/backend.js";

/** What computes, and on how many threads. */
export type OpenedBackend = Pick<Backend, "name" | "threads">;

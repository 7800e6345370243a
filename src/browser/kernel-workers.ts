/** The threads of the WebAssembly backend in a browser: workers, where it lets them share memory. */
import { maxThreads } from "../backend/wasm/backend.js";
import type { Stop } from "../backend/wasm/instance.js";
import type { KernelWorker } from "../backend/wasm/workers.js";

/** The part of a browser's workers in use: TypeScript's types for Node lack it. */
interface BrowserWorker {
  onmessage: (event: { readonly data: unknown }) => void;
  onerror: (event: { readonly message?: string; preventDefault(): void }) => void;
  postMessage(message: unknown): void;
  terminate(): void;
}

declare const Worker: new (url: URL, options: { readonly type: "module" }) => BrowserWorker;

const scope = globalThis as unknown as {
  readonly crossOriginIsolated?: boolean;
  readonly navigator?: { readonly hardwareConcurrency?: number };
  readonly console: { warn(message: string): void };
};

/**
 * Starts `threads` workers, by default one per core; at most 64. Undefined where the page is not cross-origin isolated, which
 * means that threads cannot share memory, and, with a warning on the console, where the script of the workers cannot be loaded.
 *
 * @throws RangeError unless `threads` is a positive integer
 */
export async function kernelWorkers(
  threads = scope.navigator?.hardwareConcurrency ?? 1,
): Promise<readonly KernelWorker[] | undefined> {
  if (!Number.isSafeInteger(threads) || threads < 1) {
    throw new RangeError(`Expected a number of threads from 1, but got ${threads}.`);
  }
  if (!scope.crossOriginIsolated) return undefined;
  const count = Math.min(threads, maxThreads);
  const started = await Promise.allSettled(Array.from({ length: count }, startWorker));
  const workers = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
  if (workers.length === count) return workers;
  for (const worker of workers) worker.end();
  scope.console.warn(
    "The kernels in WebAssembly run on one thread: the script of the others cannot be loaded. Bundlers copy it if they know " +
      'new Worker(new URL("...", import.meta.url)); it must be of the origin of the page.',
  );
  return undefined;
}

/** Starts a worker. Rejects if its script cannot be loaded, or is of another origin. */
async function startWorker(): Promise<KernelWorker> {
  // Bundlers find scripts of workers in this form.
  const worker = new Worker(new URL("./kernel-worker.js", import.meta.url), { type: "module" });
  const onError = (act: (error: Error) => void): void => {
    worker.onerror = (event) => {
      event.preventDefault(); // it is handled here, and not an error of the page
      act(
        new Error(
          `A thread of the kernels has ended: ${event.message ?? "its script did not load"}.`,
        ),
      );
    };
  };
  return new Promise((resolve, reject) => {
    onError(reject);
    worker.onmessage = () =>
      resolve({
        send: (message) => worker.postMessage(message),
        listen: (onStop, onFault) => {
          worker.onmessage = ({ data }) => onStop(data as Stop);
          onError(onFault);
        },
        hold: () => undefined, // a page never waits for its workers
        end: () => worker.terminate(),
      });
  });
}

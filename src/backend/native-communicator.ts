/** Joins the processes that an MPI launcher started together with this one, or backends that act as such. */
import { type Addon, type Joined, loadAddon } from "./addon.js";
import { type Communicator, LostProcessError } from "./communicator.js";

/** The processes of a run, joined by MPI or within this one. */
export interface NativeCommunicator extends Communicator {
  /**
   * The processes as the compiled addon knows them.
   * @internal
   */
  readonly joined: Joined;
  /** Waits until all others leave, too; required before this process ends. */
  leave(): void;
  /** Ends all processes with an exit code. */
  abort(code: number): void;
}

/**
 * Joins this process to the others that an MPI launcher started (`launchOf`). `openBackend` takes the result as `processes`.
 *
 * @param library path of the compiled native/mpi, from `mpiLibraryPath`
 * @param timeout seconds without an answer after which another process counts as lost
 * @throws Error if the library cannot be loaded or the processes do not find each other
 */
export function joinMpi(library: string, timeout: number): NativeCommunicator {
  const addon = requireAddon();
  return communicatorOf(addon, addon.join(library, timeout));
}

/**
 * Communicators of `size` backends in this process that work as the processes of a run do, without MPI. The threads in which
 * Node runs programs, `UV_THREADPOOL_SIZE`, must be as many, as programs wait for each other.
 *
 * @param timeout seconds without an answer after which another one counts as lost
 */
export function joinThreads(size: number, timeout: number): NativeCommunicator[] {
  const addon = requireAddon();
  return addon.joinThreads(size, timeout).map((joined) => communicatorOf(addon, joined));
}

function requireAddon(): Addon {
  const addon = loadAddon();
  if (addon instanceof Error) throw addon;
  return addon;
}

function communicatorOf(addon: Addon, joined: Joined): NativeCommunicator {
  const { rank, size, hosts } = joined;
  return {
    ...{ rank, size, hosts, joined },
    gather: async (channel, values) => {
      // Bytes are only carried.
      const bits = new Float32Array(values.buffer, values.byteOffset, 2 * values.length);
      const gathered = await addon.gather(joined, channel, bits).catch((error: unknown) => {
        throw new LostProcessError((error as Error).message, { cause: error });
      });
      const all = new Float64Array(gathered);
      const { length } = values;
      return hosts.map((_, each) => all.subarray(each * length, (each + 1) * length));
    },
    leave: () => addon.leave(joined),
    abort: (code) => addon.abort(joined, code),
  };
}

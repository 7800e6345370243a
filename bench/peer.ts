import { inPeerPrecision, peerPrecision } from "./peer-precision.js";
import { startPython } from "./python.js";
import type { Side } from "./work.js";

/** PyTorch in its own process; work in bfloat16 it does in `peerPrecision()`. */
type Peer = Side & {
  /** Name and version, and the precision of its work in bfloat16. */
  readonly name: () => Promise<string>;
  /** Peak resident memory of the process so far, in bytes. */
  readonly peakBytes: () => Promise<number>;
};

type Answer = { readonly name: string; readonly seconds: number; readonly bytes: number };

/** Starts `bench/peers/serve.py`. */
export function startPeer(): Peer {
  const python = startPython("serve.py");

  async function ask(request: object): Promise<Answer> {
    return (await python.ask(JSON.stringify(request))) as Answer;
  }

  return {
    name: async () => `${(await ask({ do: "describe" })).name}, bfloat16 in ${peerPrecision()}`,
    prepare: async (work, threads) => {
      await ask({ do: "prepare", work: inPeerPrecision(work), threads });
    },
    time: async () => (await ask({ do: "time" })).seconds,
    processorSeconds: async () => (await ask({ do: "usage" })).seconds,
    peakBytes: async () => (await ask({ do: "memory" })).bytes,
    close: () => python.close(),
  };
}

import { describeCheckpoint } from "../checkpoint/inspect.js";
import { openCheckpoint } from "../checkpoint/open.js";

/** What `flava inspect PATH` prints: what the checkpoint at `path`, a directory or a file, holds. */
export async function inspect(path: string): Promise<string> {
  const checkpoint = await openCheckpoint(path);
  try {
    return describeCheckpoint(checkpoint);
  } finally {
    await checkpoint.close();
  }
}

/** Tar archives, gzipped or not, that are small enough to be held in memory. */
import { list } from "tar";

/** Files by name, such as "icons/a.png" (without a leading "./"). */
export async function readTar(path: string): Promise<Map<string, Buffer>> {
  const files = new Map<string, Buffer>();
  await list({
    file: path,
    strict: true,
    onReadEntry(entry) {
      if (entry.type !== "File" && entry.type !== "OldFile") return;
      const chunks: Buffer[] = [];
      entry.on("data", (chunk) => chunks.push(chunk));
      entry.on("end", () => files.set(entry.path.replace(/^\.\//, ""), Buffer.concat(chunks)));
    },
  });
  return files;
}

/** Files that were chosen or dropped, those of folders among them. */
import type { FolderFile } from "./kept-vectors.js";

/** Files of a file field, which names the folder in their paths if one was chosen. */
export const chosenFiles = (files: Iterable<File>): FolderFile[] =>
  Array.from(files, (file) => ({ path: file.webkitRelativePath || file.name, file }));

/** Dropped files, and all files in dropped folders. Call it while the drop is handled: the browser empties `data` afterwards. */
export async function droppedFiles(data: DataTransfer): Promise<FolderFile[]> {
  const files = chosenFiles(data.files);
  const entries = [...data.items].flatMap((item) => item.webkitGetAsEntry() ?? []);
  return entries.length > 0 ? filesBelow(entries) : files; // what another page made has no entries
}

async function filesBelow(entries: readonly FileSystemEntry[]): Promise<FolderFile[]> {
  const found: FolderFile[] = [];
  for (const entry of entries) {
    if (entry.isDirectory) found.push(...(await filesBelow(await childrenOf(entry))));
    else found.push({ path: entry.fullPath.slice(1), file: await fileOf(entry) });
  }
  return found;
}

const fileOf = (entry: FileSystemEntry): Promise<File> =>
  new Promise((resolve, reject) => (entry as FileSystemFileEntry).file(resolve, reject));

async function childrenOf(entry: FileSystemEntry): Promise<FileSystemEntry[]> {
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  const children: FileSystemEntry[] = [];
  for (;;) {
    const some = await new Promise<FileSystemEntry[]>((resolve, reject) =>
      reader.readEntries(resolve, reject),
    );
    if (some.length === 0) return children; // it gives them a hundred at a time
    children.push(...some);
  }
}

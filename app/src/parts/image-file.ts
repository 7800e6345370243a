/** Images that were chosen on this device, as data URLs: shown on pages and sent to the server. */

export interface ChosenImage {
  readonly name: string;
  /** The file as it is: "data:image/png;base64,..." */
  readonly url: string;
  /** Its key, if it is from the index. */
  readonly key?: string;
}

/** Reads image files; others are left out. */
export function readImages(files: Iterable<File>): Promise<ChosenImage[]> {
  return Promise.all([...files].filter(({ type }) => type.startsWith("image/")).map(readImage));
}

export async function readImage(file: File): Promise<ChosenImage> {
  return { name: file.name.replace(/\.\w+$/, ""), url: await dataUrlOf(file) };
}

/** Reads an image of this server, such as one of the examples. */
export async function fetchImage(address: string, name: string): Promise<ChosenImage> {
  const response = await fetch(address);
  return { name, url: await dataUrlOf(await response.blob()) };
}

export function dataUrlOf(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(new Error(`The image cannot be read: ${reader.error!.message}`));
    reader.readAsDataURL(blob);
  });
}

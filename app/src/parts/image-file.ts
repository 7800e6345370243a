/** Images that were chosen on this device, as data URLs: shown on pages, and sent to the server or to the tab's model. */

export interface ChosenImage {
  readonly name: string;
  /** The file as it is: "data:image/png;base64,..." */
  readonly url: string;
  /** Its key in the index, if it is from there. */
  readonly key?: string;
}

/** Formats of which browsers may know the files, but not the types. */
const endings = /\.(avif|bmp|gif|heic|heif|ico|jfif|jpe?g|jxl|png|p[bgnp]m|svg|tga|tiff?|webp)$/i;

/** Whether a file is to be read as an image, by its type or its name. */
export const isImageFile = ({ name, type }: File): boolean =>
  type.startsWith("image/") || endings.test(name);

export async function readImage(file: File): Promise<ChosenImage> {
  return { name: file.name.replace(/\.\w+$/, ""), url: await dataUrlOf(file) };
}

/** Reads an image of this server, such as one of the examples. */
export async function fetchImage(address: string, name: string): Promise<ChosenImage> {
  const response = await fetch(address).catch(() => undefined);
  if (!response?.ok)
    throw new Error(
      `The example cannot be loaded: ${response?.status ?? "the server does not answer"}.`,
    );
  return { name, url: await dataUrlOf(await response.blob()) };
}

/** The file in a data URL: the pages' policy allows no request for it. */
export function blobOf(dataUrl: string): Blob {
  const [head = "", content = ""] = dataUrl.split(",");
  const bytes = Uint8Array.from(atob(content), (character) => character.charCodeAt(0));
  return new Blob([bytes], { type: head.slice("data:".length).split(";")[0]! });
}

export function dataUrlOf(blob: Blob): Promise<string> {
  return new Promise((resolve, reject) => {
    const reader = new FileReader();
    reader.onload = () => resolve(reader.result as string);
    reader.onerror = () => reject(new Error(`The image cannot be read: ${reader.error!.message}`));
    reader.readAsDataURL(blob);
  });
}

/** Files packed into one, for downloading. */

const block = 512;

/** A tar archive in the format ustar. Names have up to 100 ASCII characters, files up to 8 GiB. */
export function tarOf(files: Readonly<Record<string, Uint8Array<ArrayBuffer>>>): Blob {
  const parts = Object.entries(files).flatMap(([name, content]) => {
    const padding = new Uint8Array((block - (content.length % block)) % block);
    return [headerOf(name, content.length), content, padding];
  });
  return new Blob([...parts, new Uint8Array(2 * block)], { type: "application/x-tar" });
}

function headerOf(name: string, size: number): Uint8Array<ArrayBuffer> {
  const header = new Uint8Array(block);
  const put = (text: string, offset: number): void =>
    header.set(new TextEncoder().encode(text), offset);
  const octal = (value: number, digits: number): string => value.toString(8).padStart(digits, "0");
  put(name, 0);
  put("0000644\0", 100); // mode
  put("0000000\0".repeat(2), 108); // owner and group
  put(octal(size, 11), 124);
  put(octal(Math.floor(Date.now() / 1000), 11), 136);
  put(" ".repeat(8), 148); // the checksum, while it is computed
  put("0", 156); // a plain file
  put("ustar\u000000", 257);
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(`${octal(sum, 6)}\0 `, 148);
  return header;
}

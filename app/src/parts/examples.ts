/** Icons that come with the page, for a first try (Phosphor Icons, MIT license; held out from the training of the shipped model). */
export interface Example {
  readonly name: string;
  readonly address: string;
}

export const examples: readonly Example[] = [
  "camera",
  "heart",
  "house",
  "umbrella",
  "cat",
  "bicycle",
].map((name) => ({ name, address: `./examples/${name}.webp` }));

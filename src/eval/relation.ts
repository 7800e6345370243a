/** Matching texts and images. */

/** An image of a retrieval set with its texts. */
export interface DescribedImage {
  /** Its texts, all of them right; may be empty. */
  readonly texts: readonly string[];
  /** Images of one group are equivalent: the texts of one are right for all. */
  readonly group?: string;
  /** Whether such images were seen in training; undefined if unknown. */
  readonly seen?: boolean;
}

/** Images and texts, and which of them match. */
export interface Relation {
  /** In order of first occurrence. */
  readonly texts: readonly string[];
  /** For each image, its own texts and those of its group, as ascending indices into `texts`. */
  readonly textsOf: readonly Int32Array[];
  /** For each text, the images for which it is right, ascending. */
  readonly imagesOf: readonly Int32Array[];
}

/**
 * Finds which texts are right for which images. Identical texts are treated as one, right for all images that have it.
 */
export function relate(images: readonly DescribedImage[]): Relation {
  const places = new Map<string, number>();
  const membersOf = new Map<string, number[]>();
  const own = images.map(({ texts, group }, index) => {
    const name = group === undefined ? `image ${index}` : `group ${group}`;
    const members = membersOf.get(name);
    if (members) members.push(index);
    else membersOf.set(name, [index]);
    return texts.map((text) => {
      const place = places.get(text) ?? places.size;
      places.set(text, place);
      return place;
    });
  });
  const textsOf = images.map(() => new Int32Array(0));
  const imagesOf = Array.from(places, (): number[] => []);
  for (const members of membersOf.values()) {
    const texts = [...new Set(members.flatMap((index) => own[index]!))].sort((a, b) => a - b);
    for (const index of members) textsOf[index] = Int32Array.from(texts);
    for (const text of texts) for (const index of members) imagesOf[text]!.push(index);
  }
  const ascending = imagesOf.map((own) => Int32Array.from(own).sort());
  return { texts: [...places.keys()], textsOf, imagesOf: ascending };
}

/** The same where equal texts count one by one, each right for its own image only, as in published results. */
export function relateEach(images: readonly DescribedImage[]): Relation {
  let next = 0;
  const textsOf = images.map(({ texts }) => Int32Array.from(texts, () => next++));
  const imagesOf = textsOf.flatMap((own, image) => Array.from(own, () => Int32Array.of(image)));
  return { texts: images.flatMap(({ texts }) => texts), textsOf, imagesOf };
}

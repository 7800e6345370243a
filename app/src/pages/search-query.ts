import type { SearchRequest } from "../../../src/serve/schemas/search.js";
import type { ChosenImage } from "../parts/image-file.js";

/** What the search page searches for. */
export interface Sought {
  readonly text: string;
  readonly without: string;
  readonly filters: readonly string[];
  /** None or one. */
  readonly images: readonly ChosenImage[];
  /** How much the image counts beside the text, from 0 to 1. */
  readonly imageWeight: number;
  /** Whether the first hits are read together with the text. */
  readonly isReranked: boolean;
}

export const nothing: Sought = {
  text: "",
  without: "",
  filters: [],
  images: [],
  imageWeight: 0.5,
  isReranked: false,
};

/** Images that are shown, and those of them that are re-ranked. */
const top = 48;
export const reranked = 20;

/** Undefined if there is nothing to search for yet. */
export function queryOf(sought: Sought): SearchRequest | undefined {
  const { filters, imageWeight, isReranked } = sought;
  const [text, without] = [sought.text.trim(), sought.without.trim()];
  const [image] = sought.images;
  if (text === "" && !image) return undefined;
  return {
    ...(text !== "" && { text }),
    ...(image && (image.key === undefined ? { image: image.url } : { similar_to: image.key })),
    ...(text !== "" && image && { image_weight: imageWeight }),
    ...(without !== "" && { without }),
    ...(filters.length > 0 && { filter: filterOf(filters) }),
    ...(text !== "" && isReranked && { rerank: reranked, among: "images" }),
    top,
  };
}

/** All of the values; a name may have several. */
function filterOf(filters: readonly string[]): Record<string, string[]> {
  const values = new Map<string, string[]>();
  for (const [name, value] of filters.map(nameAndValue)) {
    values.set(name, [...(values.get(name) ?? []), value]);
  }
  return Object.fromEntries(values);
}

/** "label=cat" names a label; "cat" alone does, too. */
function nameAndValue(filter: string): [name: string, value: string] {
  const split = filter.indexOf("=");
  return split < 1 ? ["label", filter] : [filter.slice(0, split), filter.slice(split + 1)];
}

/** Search in the index that the server was started with. */
import type {
  SearchHit,
  SearchRequest,
  SearchResponse,
} from "../../../src/serve/schemas/search.js";
import { models } from "./model.js";
import { type RequestOptions, getFile, post } from "./request.js";

/** What the server's first model can do, whose index is searched. */
export async function searching(
  options: RequestOptions,
): Promise<{ readonly hasIndex: boolean; readonly canMatch: boolean }> {
  const [model] = await models(options);
  const can = (endpoint: string): boolean => model?.endpoints.includes(endpoint) ?? false;
  return { hasIndex: can("search"), canMatch: can("match") };
}

/** The entries that are nearest to a query, nearest first. */
export async function search(
  query: SearchRequest,
  options: RequestOptions,
): Promise<readonly SearchHit[]> {
  const { data } = await post<SearchResponse>("v1/search", query, options);
  return data;
}

/** The image of an entry. */
export const imageAt = (address: string, options: RequestOptions): Promise<Blob> =>
  getFile(address, options);

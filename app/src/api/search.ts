/** Search in the index that the server was started with. */
import type {
  SearchDescription,
  SearchRequest,
  SearchResponse,
} from "../../../src/serve/schemas/search.js";
import { type RequestOptions, get, post } from "./request.js";

export type Result = SearchResponse["data"][number];

/** The paths of the server's OpenAPI document. */
interface Document {
  readonly paths: Readonly<Record<string, unknown>>;
}

/** What can be searched; undefined if the server has no index. */
export async function searchable(options: RequestOptions): Promise<SearchDescription | undefined> {
  const { paths } = await get<Document>("openapi.json", options);
  return "/v1/search" in paths ? get<SearchDescription>("v1/search", options) : undefined;
}

/** The entries that are nearest to a query, nearest first. */
export async function search(
  query: SearchRequest,
  options: RequestOptions,
): Promise<readonly Result[]> {
  const { data } = await post<SearchResponse>("v1/search", query, options);
  return data;
}

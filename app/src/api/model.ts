/** What the model does: classification, matching, filling. */
import type { ClassifyRequest, ClassifyResponse } from "../../../src/serve/schemas/classify.js";
import type {
  FillImageRequest,
  FillImageResponse,
  FillRequest,
  FillResponse,
} from "../../../src/serve/schemas/fill.js";
import type { MatchRequest, MatchResponse } from "../../../src/serve/schemas/match.js";
import type { CardResponse } from "../../../src/serve/schemas/model-card.js";
import type { ModelDescription, ModelsResponse } from "../../../src/serve/schemas/models.js";
import { type RequestOptions, get, post } from "./request.js";

export type FilledText = FillResponse["data"][number];
export type Labels = ClassifyResponse["data"][number]["labels"];

/** The labels with their probabilities, best first. */
export async function classify(
  image: string,
  labels: readonly string[],
  options: RequestOptions,
): Promise<Labels> {
  const request: ClassifyRequest = { images: image, labels: [...labels] };
  const { data } = await post<ClassifyResponse>("v1/classify", request, options);
  return data[0]!.labels;
}

/** The probability that they belong together, for each image and each text. */
export async function match(
  images: readonly string[],
  texts: readonly string[],
  options: RequestOptions,
): Promise<MatchResponse["probabilities"]> {
  const request: MatchRequest = { images: [...images], texts: [...texts] };
  const { probabilities } = await post<MatchResponse>("v1/match", request, options);
  return probabilities;
}

/** The candidates for each [MASK] of a text. */
export async function fillText(
  text: string,
  image: string | undefined,
  options: RequestOptions,
): Promise<FilledText> {
  const request: FillRequest = { texts: text, ...(image !== undefined && { image }) };
  const { data } = await post<FillResponse>("v1/fill", request, options);
  return data[0]!;
}

/** The image as the model completes it from the patches that are not hidden. */
export function fillImage(
  image: string,
  hidden: readonly number[],
  options: RequestOptions,
): Promise<FillImageResponse> {
  const request: FillImageRequest = { image, hidden: [...hidden] };
  return post("v1/fill/image", request, options);
}

/** The models of the server, the one that answers first. */
export async function models(options: RequestOptions): Promise<readonly ModelDescription[]> {
  const { data } = await get<ModelsResponse>("v1/models", options);
  return data;
}

export const modelCard = (id: string, options: RequestOptions): Promise<CardResponse> =>
  get(`v1/models/${encodeURIComponent(id)}/card`, options);

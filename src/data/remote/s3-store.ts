/** Objects in S3 and in stores with its protocol, by the AWS client, which finds credentials, region and endpoint itself. */
import type { Readable } from "node:stream";
import type * as S3 from "@aws-sdk/client-s3";
import { reasonOf } from "../formats/source-error.js";
import { type ByteRange, type RangeAnswer, RemoteError, contentRange, refusal } from "./store.js";

interface Opened {
  readonly sdk: typeof S3;
  readonly client: S3.S3Client;
}

export const s3Store = {
  async get(url: string, { start, end }: ByteRange, signal: AbortSignal): Promise<RangeAnswer> {
    const { sdk, client } = await opened();
    const { bucket, key } = placeIn(url);
    const command = new sdk.GetObjectCommand({
      ...{ Bucket: bucket, Key: key },
      Range: `bytes=${start}-${end - 1}`,
    });
    try {
      const found = await client.send(command, { abortSignal: signal });
      const range = contentRange(found.ContentRange);
      const size = range?.size ?? found.ContentLength ?? 0;
      const tag = found.ETag ?? found.LastModified?.toISOString() ?? "";
      return { state: { size, tag }, start: range?.start, body: found.Body as Readable };
    } catch (error) {
      throw remoteError(error);
    }
  },
};

/**
 * URLs of the objects whose keys begin with that of `url`, s3://bucket/directory/, in order.
 * @throws RemoteError
 */
export async function listObjects(url: string, signal: AbortSignal): Promise<string[]> {
  const { sdk, client } = await opened();
  const { bucket, key } = placeIn(url);
  const urls: string[] = [];
  try {
    const pages = sdk.paginateListObjectsV2({ client }, { Bucket: bucket, Prefix: key });
    for await (const { Contents = [] } of pages) {
      signal.throwIfAborted();
      for (const { Key } of Contents) if (Key !== undefined) urls.push(`s3://${bucket}/${Key}`);
    }
  } catch (error) {
    throw remoteError(error);
  }
  return urls.sort();
}

function placeIn(url: string): { readonly bucket: string; readonly key: string } {
  const [, bucket, key] = /^s3:\/\/([^/]+)\/(.*)$/is.exec(url) ?? [];
  if (bucket !== undefined && key !== undefined) return { bucket, key };
  throw new RemoteError("expected a URL such as s3://bucket/directory/name.tar", true);
}

let client: Promise<Opened> | undefined;

/** The client of this thread. */
function opened(): Promise<Opened> {
  client ??= openClient();
  return client;
}

async function openClient(): Promise<Opened> {
  const sdk = await import("@aws-sdk/client-s3").catch((cause: unknown) => {
    throw new RemoteError(
      "s3:// needs the AWS client, which cannot be loaded. Install it with: npm install @aws-sdk/client-s3 " +
        `(${reasonOf(cause)})`,
      true,
    );
  });
  // Stores other than Amazon's are addressed by paths, and most have no regions.
  const isOther = process.env.AWS_ENDPOINT_URL_S3 ?? process.env.AWS_ENDPOINT_URL;
  const region = process.env.AWS_REGION ?? (isOther && "us-east-1");
  const options = { ...(isOther && { forcePathStyle: true }), ...(region && { region }) };
  return { sdk, client: new sdk.S3Client({ ...options, maxAttempts: 1 }) }; // retry.ts counts attempts
}

/** Only name, message and status of what the client throws: its other properties may hold keys. */
function remoteError(error: unknown): RemoteError {
  if (error instanceof RemoteError) return error;
  const { name, $metadata } = error as { name?: string; $metadata?: { httpStatusCode?: number } };
  const reason = reasonOf(error);
  if (name === "CredentialsProviderError")
    return new RemoteError(
      `${reason}. Set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or AWS_PROFILE; public data can be read from https://`,
      true,
    );
  if (reason.startsWith("Region is missing"))
    return new RemoteError("set AWS_REGION to the region of the bucket, such as us-east-1", true);
  const status = $metadata?.httpStatusCode;
  return status === undefined ? new RemoteError(reason, false) : refusal(status, reason);
}

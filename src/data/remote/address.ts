/** Addresses of remote files: https://, http:// and s3://. This file also loads in browsers, with recipes. */

/** Whether this is the URL of a file, rather than a path. */
export const isRemote = (path: string): boolean => /^(https?|s3):\/\//i.test(path);

/**
 * Why data cannot be read from this URL, if so; undefined for a path. A password, or a query, where signatures are, would
 * become part of logs, indexes and `run.json`, and is not part of the answer either.
 */
export function faultOfAddress(url: string): string | undefined {
  if (!isRemote(url)) return undefined;
  const shown = url.replace(/\/\/[^/]*@/, "//...@").replace(/[?#].*$/s, "?...");
  if (shown !== url)
    return (
      `${shown} has a user, a password or a query in it, which would be written to the files of a run. Give the plain URL; ` +
      "data that are not public can be read from s3://bucket/..., with credentials from the environment."
    );
  if (url.includes("*"))
    return (
      `${url} has a *, and servers do not list their files. Write a brace list, such as name-{000..127}.tar, or ` +
      "s3://bucket/directory/."
    );
  return undefined;
}

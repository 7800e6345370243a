import { createHash, timingSafeEqual } from "node:crypto";
import { ApiError } from "./api-error.js";

interface Key {
  readonly name: string;
  readonly digest: Buffer;
}

/** The keys that clients must send, as `Authorization: Bearer KEY`. */
export class ApiKeys {
  readonly #keys: readonly Key[];

  private constructor(keys: readonly Key[]) {
    this.#keys = keys;
  }

  /**
   * Reads keys from a text: one per line, perhaps after a name that logs show. Empty lines and those that begin with # are
   * skipped.
   * @param place where the text is from, for errors
   * @throws RangeError if there is none, a line has more than a name and a key, or a key cannot be sent
   */
  static parse(text: string, place: string): ApiKeys {
    const lines = text.split("\n").map((line) => line.trim());
    const keys = lines.flatMap((line, index): Key[] => {
      if (line === "" || line.startsWith("#")) return [];
      const [first = "", second, ...rest] = line.split(/\s+/);
      if (rest.length > 0) {
        throw new RangeError(
          `Line ${index + 1} of ${place} has ${rest.length + 2} words. Expected a key, or a name and a key.`,
        );
      }
      const key = second ?? first;
      if (/[^!-~]/.test(key)) {
        throw new RangeError(
          `The key in line ${index + 1} of ${place} has a character that is not in ASCII, which no header can bring as it is. ` +
            "Choose another key.",
        );
      }
      return [{ name: second === undefined ? `key ${index + 1}` : first, digest: digestOf(key) }];
    });
    if (keys.length === 0) {
      throw new RangeError(`${place} has no API key. Write one per line, perhaps after a name.`);
    }
    return new ApiKeys(keys);
  }

  /**
   * The name of the key in an Authorization header.
   * @throws ApiError 401 if it has none of the keys
   */
  nameOf(authorization: string | undefined): string {
    const given = /^Bearer +(\S+)\s*$/i.exec(authorization ?? "")?.[1];
    const digest = digestOf(given ?? "");
    // All keys are compared, so that the time taken says nothing about them.
    const [found] = this.#keys.filter((key) => timingSafeEqual(key.digest, digest));
    if (given !== undefined && found) return found.name;
    throw new ApiError(
      401,
      given === undefined
        ? "This server asks for an API key: send the header Authorization: Bearer KEY."
        : "The API key is not one of this server's.",
      { code: "invalid_api_key", headers: { "www-authenticate": "Bearer" } },
    );
  }
}

const digestOf = (key: string): Buffer => createHash("sha256").update(key).digest();

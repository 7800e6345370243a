/** Character vectors in the data of an R package: a file of compressed values (`.rdb`) and its index (`.rdx`). */
import { gunzipSync, inflateSync } from "node:zlib";

type RValue = null | string | number[] | RValue[] | { readonly items: RValue[]; names?: string[] };

/** R's serialization in its portable form (XDR, version 2 or 3), limited to lists, integers and strings. */
class SerialReader {
  #at = 14;
  readonly #symbols: string[] = [];

  constructor(private readonly bytes: Buffer) {
    const format = bytes.toString("latin1", 0, 2);
    const version = bytes.readInt32BE(2);
    if (format !== "X\n" || (version !== 2 && version !== 3)) {
      throw new Error(
        `R data: expected XDR of version 2 or 3, found ${JSON.stringify(format)} ${version}.`,
      );
    }
    if (version === 3) this.#at += 4 + bytes.readInt32BE(14);
  }

  value(): RValue {
    const flags = this.#integer();
    const kind = flags & 255;
    const value = this.#content(kind, flags);
    if (flags & 512 && kind !== 2 && kind !== 9) this.#attributes(value);
    return value;
  }

  #content(kind: number, flags: number): RValue {
    switch (kind) {
      case 254: // NULL
        return null;
      case 1: {
        const name = this.value();
        this.#symbols.push(typeof name === "string" ? name : "");
        return name;
      }
      case 255: // reference to an earlier symbol
        return this.#symbols[(flags >> 8 || this.#integer()) - 1] ?? null;
      case 2: {
        if (flags & 512) this.value();
        const tag = flags & 1024 ? this.value() : null;
        const first = this.value();
        const rest = this.value();
        return [tag, first, ...(Array.isArray(rest) ? (rest as RValue[]) : [])];
      }
      case 9: {
        const length = this.#integer();
        this.#at += Math.max(0, length);
        return length < 0 ? "" : this.bytes.toString("utf8", this.#at - length, this.#at);
      }
      case 10:
      case 13:
        return Array.from({ length: this.#integer() }, () => this.#integer());
      case 16:
      case 19:
        return { items: Array.from({ length: this.#integer() }, () => this.value()) };
      default:
        throw new Error(
          `R data: values of kind ${kind} are not supported, only lists, integers and strings.`,
        );
    }
  }

  /** The only attribute that matters is the names. */
  #attributes(value: RValue): void {
    const list = this.value();
    if (!Array.isArray(list) || value === null || typeof value !== "object" || Array.isArray(value))
      return;
    for (let index = 0; index + 1 < list.length; index += 2) {
      const names = list[index + 1];
      if (list[index] !== "names" || !names || typeof names !== "object" || Array.isArray(names))
        continue;
      value.names = names.items.map(String);
    }
  }

  #integer(): number {
    this.#at += 4;
    return this.bytes.readInt32BE(this.#at - 4);
  }
}

/** The character vectors of a data file, by name. The only supported compression is zlib, R's default. */
export function readCharacterVectors(index: Buffer, data: Buffer): Map<string, string[]> {
  const whole = new SerialReader(gunzipSync(index)).value();
  const variables = named(whole).get("variables") ?? null;
  const vectors = new Map<string, string[]>();
  for (const [name, place] of named(variables)) {
    if (!Array.isArray(place)) continue;
    const [offset, length] = place as number[];
    const packed = data.subarray(offset, offset! + length!);
    const value = new SerialReader(inflateSync(packed.subarray(4))).value();
    if (value === null || typeof value !== "object" || Array.isArray(value)) continue;
    vectors.set(name, value.items.map(String));
  }
  return vectors;
}

function named(value: RValue): Map<string, RValue> {
  if (value === null || typeof value !== "object" || Array.isArray(value)) return new Map();
  return new Map(value.items.map((item, index) => [value.names?.[index] ?? "", item]));
}

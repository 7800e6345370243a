import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { create } from "tar";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openPackages, type Packages } from "./packages.js";
import { type Pin, pins } from "./pins.js";

let cache: string;
let messages: string[];

beforeEach(async () => {
  cache = await mkdtemp(join(tmpdir(), "flava-packages-"));
  messages = [];
});
afterEach(() => rm(cache, { recursive: true }));

/** A cache that holds the fetched file of an invented package. */
async function withFile(
  content: string,
  sha256?: string,
): Promise<{ packages: Packages; pin: Pin }> {
  const source = join(cache, "source", "package");
  const files = join(cache, "packages", "files");
  await mkdir(source, { recursive: true });
  await mkdir(files, { recursive: true });
  await writeFile(join(source, "package.json"), content);
  const file = join(files, "invented-words-1.0.0.tgz");
  await create({ file, cwd: join(cache, "source"), gzip: true }, ["package"]);
  const found = createHash("sha256")
    .update(await readFile(file))
    .digest("hex");
  const pin: Pin = {
    name: "@invented/words",
    registry: "npm",
    version: "1.0.0",
    sha256: sha256 ?? found,
  };
  const onMessage = (message: string): number => messages.push(message);
  return { packages: openPackages(cache, { onMessage, pins: [pin] }), pin };
}

describe("packages", () => {
  it("unpack a fetched file with the right checksum, once", async () => {
    const { packages, pin } = await withFile('{"words":1}');
    const directory = await packages.directory(pin.name);
    expect(directory).toBe(join(cache, "packages", pin.name));
    expect(await readFile(join(directory!, "package.json"), "utf8")).toBe('{"words":1}');
    await rm(join(cache, "packages", "files"), { recursive: true });
    const again = openPackages(cache, {
      pins: [pin],
      onMessage: (message) => messages.push(message),
    });
    expect(await again.directory(pin.name)).toBe(directory);
    expect(messages).toEqual([]);
  });

  it("report a missing package and continue if neither file nor registry has the pinned one", async () => {
    const { packages } = await withFile("{}", "0".repeat(64));
    const path = process.env.PATH;
    process.env.PATH = "/nowhere"; // no client: nothing is fetched
    try {
      expect(await packages.directory("@invented/words")).toBeUndefined();
    } finally {
      process.env.PATH = path;
    }
    expect(messages.at(-1)).toMatch(/@invented\/words 1\.0\.0 \(npm\) is not available/);
  });

  it("refuse names that are not pinned", async () => {
    const { packages } = await withFile("{}");
    expect(() => packages.directory("left-pad")).toThrow(/left-pad is not among the packages/);
  });

  it("are each pinned once, to a version and a checksum", () => {
    expect(new Set(pins.map(({ name }) => name)).size).toBe(pins.length);
    expect(pins.filter(({ sha256 }) => !/^[0-9a-f]{64}$/.test(sha256))).toEqual([]);
  });
});

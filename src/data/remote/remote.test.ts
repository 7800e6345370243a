import { readFile, readdir, rm, stat } from "node:fs/promises";
import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { fileServer } from "../../../test/file-server.js";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { openSource } from "../formats/open.js";
import { openRanges } from "../formats/open-ranges.js";
import type { Source } from "../formats/source.js";
import { writeParquet } from "../formats/parquet/writer.js";
import { SampleIndex } from "../index/index-file.js";
import { indexSource } from "../index/source-index.js";
import { ShardWriter } from "../formats/tar/shard-writer.js";
import type { Sample } from "../sample.js";
import { blockBytes } from "./blocks.js";
import { httpStore } from "./http-store.js";
import { persistently } from "./retry.js";
import { s3Store } from "./s3-store.js";
import type { RemoteStore } from "./store.js";

const root = temporaryDirectory();
const server = await fileServer();
const { files, mischief, requests } = server;

beforeEach(() => {
  vi.stubEnv("FLAVA_CACHE", join(root, `cache-${randomBytes(4).toString("hex")}`));
  mischief.length = 0;
});
afterEach(() => vi.unstubAllEnvs());

const digestOf = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");

/** The samples, and digests of their images, which compare faster. */
async function read(source: Source): Promise<Sample[]> {
  const samples: Sample[] = [];
  for await (const { path: _path, where: _where, image, ...sample } of source.read())
    samples.push({ ...sample, fields: { image: image && digestOf(image) } });
  return samples;
}

async function imageAt(index: SampleIndex, number: number): Promise<string> {
  return digestOf((await index.read("pair", number)).image!);
}

/** Two shards of three images of 700 kB each, on disk and at the server below `/bucket/`. */
async function writeShards(
  name: string,
): Promise<{ readonly folder: string; readonly url: string }> {
  const folder = join(root, name);
  const writer = new ShardWriter(folder, { name: "a", samplesPerShard: 3 });
  const png = Buffer.from("89504e470d0a1a0a", "hex");
  for (let i = 0; i < 6; i++) {
    const image = Buffer.concat([png, randomBytes(700_000)]);
    await writer.add({ key: `image-${i}`, image, texts: [`text ${i} ${name}`], fields: {} });
  }
  await writer.close();
  const shards = (await readdir(folder)).filter((each) => each.endsWith(".tar"));
  for (const shard of shards)
    files.set(`/bucket/${name}/${shard}`, await readFile(join(folder, shard)));
  expect(shards).toHaveLength(2);
  return {
    folder,
    url: `${server.url}/bucket/${name}/${shards[0]!.replace(/\d+\.tar$/, "{00000..00001}.tar")}`,
  };
}

const sumsOf = (contents: ReadonlyMap<string, Buffer>): Buffer =>
  Buffer.from(
    [...contents]
      .map(([name, bytes]) => `${createHash("sha256").update(bytes).digest("hex")}  ${name}\n`)
      .join(""),
  );

describe("shards at URLs", () => {
  it("have the samples of local ones, one after another and by number", async () => {
    const { folder, url } = await writeShards("plain");
    const [local, remote] = [await openSource(folder), await openSource(url)];
    expect(await read(remote)).toEqual(await read(local));
    const [here, there] = [await indexSource(folder), await indexSource(url)];
    expect(there.digest).toBe(here.digest);
    const index = await SampleIndex.open(there.directory);
    const copy = await SampleIndex.open(here.directory);
    expect(await imageAt(index, 4)).toBe(await imageAt(copy, 4));
    await Promise.all([index.close(), copy.close()]);
  });

  it("are fetched once, and only the blocks that are needed", async () => {
    const content = randomBytes(5 * blockBytes + 10);
    files.set("/large.tar", content);
    requests.length = 0;
    const place = `${server.url}/large.tar`;
    for (let time = 0; time < 2; time++) {
      const file = await openRanges(place);
      const parts = await Promise.all([
        file.read(3 * blockBytes + 5, 10),
        file.read(content.length - 4, 9),
      ]);
      expect(Buffer.concat(parts)).toEqual(
        Buffer.concat([
          content.subarray(3 * blockBytes + 5, 3 * blockBytes + 15),
          content.subarray(-4),
        ]),
      );
    }
    const fetched = requests.filter((each) => each.startsWith("/large") && !each.endsWith("=0-0"));
    expect(
      fetched.map((each) => Math.floor(Number(/\d+/.exec(each)![0]) / blockBytes)).sort(),
    ).toEqual([3, 5]);
  });

  it("are read to the end over a connection that breaks, and is busy", async () => {
    const { folder, url } = await writeShards("broken");
    const source = await openSource(url);
    // The first answers are those about the file itself; what follows is data.
    mischief.push("is busy", undefined, "resets", "is short");
    expect(await read(source)).toEqual(await read(await openSource(folder)));
  });

  it("name the shard and what was received where they cannot be read", async () => {
    const missing = await openSource(`${server.url}/none/{0..1}.tar`);
    await expect(missing.identity()).rejects.toThrow(
      `${server.url}/none/0.tar cannot be read: the server answered 404 Not Found`,
    );
    const { url } = await writeShards("whole");
    mischief.push("ignores ranges");
    await expect(read(await openSource(url))).rejects.toThrow(
      /a-00000\.tar cannot be read: the server ignores Range requests, as python3 -m http\.server does/,
    );
  });

  it("are indexed anew, in words, if they have changed; what was indexed before is refused", async () => {
    const { url } = await writeShards("changing");
    const lines: string[] = [];
    const log = (line: string): number => lines.push(line);
    const before = await indexSource(url, {}, { log });
    const index = await SampleIndex.open(before.directory);
    await writeShards("other");
    for (const shard of ["0", "1"])
      files.set(
        `/bucket/changing/a-0000${shard}.tar`,
        files.get(`/bucket/other/a-0000${shard}.tar`)!,
      );
    await rm(join(process.env.FLAVA_CACHE!, "remote"), { recursive: true });
    await expect(index.read("pair", 0)).rejects.toThrow(
      /a-00000\.tar cannot be read: it has changed: it had \d+ bytes/,
    );
    await index.close();
    const after = await indexSource(url, {}, { log });
    expect(after.digest).not.toBe(before.digest);
    expect(lines).toEqual([
      expect.stringMatching(/a-00000\.tar .* has changed since it was indexed/),
    ]);
  });

  it("are compared with SHA256SUMS, also when they are fetched again", async () => {
    const { folder, url } = await writeShards("listed");
    const names = ["a-00000.tar", "a-00001.tar"];
    files.set(
      "/bucket/listed/SHA256SUMS",
      sumsOf(new Map(names.map((name) => [name, files.get(`/bucket/listed/${name}`)!]))),
    );
    mischief.push(undefined, undefined, "corrupts"); // of the state, the sums and the first block
    const indexed = await indexSource(url);
    const index = await SampleIndex.open(indexed.directory);
    const blocks = join(process.env.FLAVA_CACHE!, "remote");
    for (const directory of await readdir(blocks))
      for (const name of ["0", "1", "2"]) await rm(join(blocks, directory, name), { force: true });
    mischief.push("corrupts");
    expect(await imageAt(index, 0)).toBe((await read(await openSource(folder)))[0]!.fields.image);
    await index.close();
  });

  it("are refused where SHA256SUMS says otherwise", async () => {
    const { url } = await writeShards("false");
    const shard = files.get("/bucket/false/a-00000.tar")!;
    files.set("/bucket/false/SHA256SUMS", sumsOf(new Map([["a-00000.tar", shard.subarray(1)]])));
    await expect(read(await openSource(url))).rejects.toThrow(
      /a-00000\.tar cannot be read: its SHA-256 is [0-9a-f]{64}, where SHA256SUMS beside it says [0-9a-f]{64}/,
    );
  });

  it("take no more disk space than they may", async () => {
    vi.stubEnv("FLAVA_REMOTE_CACHE", "5MB");
    const content = randomBytes(12 * blockBytes);
    files.set("/big.tar", content);
    const file = await openRanges(`${server.url}/big.tar`);
    for (let at = 0; at < content.length; at += blockBytes)
      expect((await file.read(at, 1000)).equals(content.subarray(at, at + 1000))).toBe(true);
    const blocks = join(process.env.FLAVA_CACHE!, "remote");
    const found = (await readdir(blocks, { recursive: true })).map((name) =>
      stat(join(blocks, name)),
    );
    const bytes = (await Promise.all(found)).reduce(
      (sum, facts) => sum + (facts.isFile() ? facts.size : 0),
      0,
    );
    expect(bytes).toBeLessThanOrEqual(5e6);
    expect(bytes).toBeGreaterThanOrEqual(2e6);
  });

  it("may be Parquet files", async () => {
    const path = join(root, "texts.parquet");
    const rows = Array.from({ length: 50 }, (_, row) => ({ text: `row ${row}` }));
    await writeParquet(path, [{ name: "text", type: "text" }], rows);
    files.set("/texts.parquet", await readFile(path));
    expect(await read(await openSource(`${server.url}/texts.parquet`))).toEqual(
      await read(await openSource(path)),
    );
  });

  it("are read together with local ones", async () => {
    const { folder, url } = await writeShards("joined");
    const both = await read(await openSource([folder, url]));
    const alone = await read(await openSource(url));
    expect(both.map(({ fields }) => fields)).toEqual(
      [...alone, ...alone].map(({ fields }) => fields),
    );
    expect(new Set(both.map(({ key }) => key)).size).toBe(12);
  });
});

describe("a URL", () => {
  it.each([
    ["https://me:secret@host/a.tar", /has a user, a password or a query/],
    ["https://host/a.tar?X-Amz-Signature=secret", /has a user, a password or a query/],
    ["https://host/a-*.tar", /has a \*, and servers do not list their files/],
    ["https://host/folder/", /is a directory, and web servers do not list/],
    ["https://host/a.csv", /has no known format/],
  ])("%s is refused", async (url, message) => {
    const error = await openSource(url).catch((reason: unknown) => String(reason));
    expect(error).toMatch(message);
    expect(error).not.toContain("secret");
  });

  it("leads on to the same server or to https, and nowhere else", async () => {
    files.set("/there.tar", Buffer.from("there"));
    server.redirects.set("/here.tar", "/there.tar");
    const file = await openRanges(`${server.url}/here.tar`);
    expect(String(await file.read(0, 5))).toBe("there");
    server.redirects.set("/away.tar", server.url.replace("127.0.0.1", "localhost"));
    await expect(openRanges(`${server.url}/away.tar`)).rejects.toThrow(
      /redirects to http:\/\/localhost:\d+; only https/,
    );
  });
});

/** The first 100,000 bytes of a file. */
function transfer(store: RemoteStore, url: string, attempts: number): Promise<Buffer> {
  return persistently({ attempts, firstPause: 1, stall: 100 }, async ({ signal, received }) => {
    const { body } = await store.get(url, { start: 0, end: 100_000 }, signal);
    const chunks: Uint8Array[] = [];
    for await (const chunk of body) {
      received();
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  });
}

describe("a transfer", () => {
  it("begins again when nothing arrives any more, and when the connection ends", async () => {
    const content = randomBytes(100_000);
    files.set("/some", content);
    mischief.push("stalls", "resets", "is busy");
    expect(await transfer(httpStore, `${server.url}/some`, 4)).toEqual(content);
    mischief.push("resets", "stalls");
    await expect(transfer(httpStore, `${server.url}/some`, 2)).rejects.toThrow(
      "nothing was received for 0.1 seconds (2 attempts)",
    );
  });
});

describe("objects in S3", () => {
  beforeEach(() => {
    vi.stubEnv("AWS_ENDPOINT_URL", server.url);
    vi.stubEnv("AWS_ACCESS_KEY_ID", "key");
    vi.stubEnv("AWS_SECRET_ACCESS_KEY", "secret");
  });

  it("are listed by a prefix, and read like files", async () => {
    const { folder } = await writeShards("objects");
    files.set("/bucket/objects/a-00000.parquet", Buffer.from("the report that img2dataset writes"));
    const source = await openSource("s3://bucket/objects/");
    mischief.push(undefined, undefined, "resets", "is short");
    expect(await read(source)).toEqual(await read(await openSource(folder)));
    const list = await openSource("s3://bucket/objects/a-{00000..00001}.tar");
    expect(await list.identity()).toBe(await source.identity());
  });

  it("are asked for again when nothing arrives any more", async () => {
    const content = randomBytes(100_000);
    files.set("/bucket/some", content);
    mischief.push("stalls", "resets");
    expect(await transfer(s3Store, "s3://bucket/some", 3)).toEqual(content);
  });

  it("are missing in words", async () => {
    await expect(openSource("s3://bucket/nothing/")).rejects.toThrow(
      "s3://bucket/nothing/ has no .tar, .tar.gz or .parquet files: 0 objects are below it.",
    );
    const source = await openSource("s3://bucket/none.tar");
    await expect(source.identity()).rejects.toThrow(
      /^s3:\/\/bucket\/none\.tar cannot be read: the server answered 404/,
    );
  });
});

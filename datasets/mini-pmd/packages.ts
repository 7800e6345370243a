/** The packages that the mini-PMD is made from: fetched once by their clients, verified, unpacked and kept. */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { extract } from "tar";
import { cacheDirectory } from "flava/data";
import { type Apt, openApt } from "./apt.js";
import { type Pin, pins } from "./pins.js";

const execute = promisify(execFile);

export interface Packages {
  /** The folder of everything fetched and built. */
  readonly cache: string;
  /**
   * The folder with the unpacked package: for npm the one that holds its package.json, for Debian the root of its files,
   * for Debian sources the top of the tarball. Undefined if the package is not available; the reason goes to `onMessage`.
   */
  directory(name: string): Promise<string | undefined>;
  /** Debian's package client with its own indexes, which are fetched at the first call. */
  apt(): Promise<Apt>;
  /** Progress for people: what is being fetched, what is missing. */
  readonly onMessage: (message: string) => void;
}

interface PackagesOptions {
  readonly onMessage?: (message: string) => void;
  /** Default: the table of pins. */
  readonly pins?: readonly Pin[];
}

/** `$FLAVA_CACHE/pmd`, by default `~/.cache/flava/pmd`. */
export function defaultCache(): string {
  return join(cacheDirectory(), "pmd");
}

/** The packages under the folder `cache`. Nothing is fetched before it is requested. */
export function openPackages(cache: string, options: PackagesOptions = {}): Packages {
  const onMessage = options.onMessage ?? ((message) => console.error(message));
  const known = new Map((options.pins ?? pins).map((pin) => [pin.name, pin]));
  const directories = new Map<string, Promise<string | undefined>>();
  let apt: Promise<Apt> | undefined;
  const packages: Packages = {
    cache,
    onMessage,
    apt: () => (apt ??= openApt(join(cache, "apt"))),
    directory(name) {
      const pin = known.get(name);
      if (!pin)
        throw new RangeError(`${name} is not among the packages of datasets/mini-pmd/pins.ts.`);
      const directory = directories.get(name) ?? provide(packages, pin);
      directories.set(name, directory);
      return directory;
    },
  };
  return packages;
}

/** Why something is left out, for a message: the first lines of the error, in one. */
export function shortReason(error: unknown, lines = 3): string {
  return error instanceof Error ? error.message.split("\n", lines).join(" ") : String(error);
}

/** Fetches and unpacks missing packages. */
async function provide(packages: Packages, pin: Pin): Promise<string | undefined> {
  const directory = join(packages.cache, "packages", pin.name);
  const mark = join(packages.cache, "packages", "unpacked", `${pin.name.replace("/", "+")}.json`);
  const label = JSON.stringify(pin);
  if ((await readFile(mark, "utf8").catch(() => "")) === label) return directory;
  try {
    const file = await fetchedFile(packages, pin);
    await unpack(pin, file, directory);
    await mkdir(dirname(mark), { recursive: true });
    await writeFile(mark, label);
    return directory;
  } catch (error) {
    packages.onMessage(
      `${pin.name} ${pin.version} (${pin.registry}) is not available, so everything made from it is left out: ${shortReason(error)}`,
    );
    return undefined;
  }
}

/** The path of the fetched file, with its checksum verified. */
async function fetchedFile(packages: Packages, pin: Pin): Promise<string> {
  const files = join(packages.cache, "packages", "files");
  await mkdir(files, { recursive: true });
  const there = await findFile(files, pin);
  if (there !== undefined && (await sha256(there)) === pin.sha256) return there;
  packages.onMessage(`fetching ${pin.name} ${pin.version} (${pin.registry})`);
  const folder = await mkdtemp(join(files, ".fetch-"));
  try {
    const pinned = await fetchPinned(packages, pin, folder);
    const fetched = (await readdir(folder)).find((name) => /\.(tgz|deb|orig\.tar\.xz)$/.test(name));
    if (fetched === undefined) throw new Error("its client fetched no file.");
    const found = await sha256(join(folder, fetched));
    if (pinned && found !== pin.sha256) {
      throw new Error(
        `${fetched} has SHA-256 ${found}, but ${pin.sha256} was expected; it was removed.`,
      );
    }
    const path = join(files, fetched);
    await rename(join(folder, fetched), path);
    return path;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** Fetches into an empty folder. False: only a version other than the pinned one was available (verified by apt). */
async function fetchPinned(packages: Packages, pin: Pin, folder: string): Promise<boolean> {
  if (pin.registry === "npm") {
    await execute("npm", ["pack", "--silent", `${pin.name}@${pin.version}`], { cwd: folder });
    return true;
  }
  const apt = await packages.apt();
  if (pin.registry === "debian-source") {
    // The client fails if one of several files is missing; what matters is whether the tarball has arrived.
    const fetching = apt.get(["source", "--download-only", pin.name], folder);
    const failure = await fetching.then(
      () => undefined,
      (error: unknown) => error,
    );
    if (!(await readdir(folder)).some((name) => name.endsWith(".orig.tar.xz"))) throw failure;
    return true;
  }
  try {
    await apt.get(["download", `${pin.name}=${pin.version}`], folder);
    return true;
  } catch {
    await apt.get(["download", pin.name], folder);
    packages.onMessage(
      `${pin.name} ${pin.version} is gone from Debian; its newest version is used instead.`,
    );
    return false;
  }
}

/** The file fetched by an earlier run, by the name that the registry's client gives it. */
async function findFile(files: string, pin: Pin): Promise<string | undefined> {
  const version = pin.version.replaceAll(":", "%3a");
  const start = {
    npm: `${pin.name.replace("@", "").replace("/", "-")}-${version}.tgz`,
    debian: `${pin.name}_${version}_`,
    "debian-source": `${pin.name}_${version}.orig.tar.`,
  }[pin.registry];
  const name = (await readdir(files)).find((name) => name.startsWith(start));
  return name === undefined ? undefined : join(files, name);
}

async function sha256(path: string): Promise<string> {
  const hash = createHash("sha256");
  await pipeline(createReadStream(path), hash);
  return hash.digest("hex");
}

/** Unpacks beside the final place and then moves there, so that a directory is complete or absent. */
async function unpack(pin: Pin, file: string, directory: string): Promise<void> {
  const parent = dirname(directory);
  await mkdir(parent, { recursive: true });
  const fresh = await mkdtemp(join(parent, `.${basename(directory)}-`));
  try {
    switch (pin.registry) {
      case "npm":
        await extract({ file, cwd: fresh, strip: 1 });
        break;
      case "debian":
        await execute("dpkg", ["-x", file, fresh], { maxBuffer: 1 << 26 });
        break;
      case "debian-source":
        await execute("tar", ["-xJf", file, "-C", fresh, "--strip-components=1"]);
        break;
    }
    await rm(directory, { recursive: true, force: true });
    await rename(fresh, directory);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
}

/** Debian's package client with its own configuration and state: the system stays unchanged. */
import { execFile } from "node:child_process";
import { mkdir, readdir, readFile, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { replaceFile } from "flava/data";

const execute = promisify(execFile);

/** Index files that apt fetches only on request: applications, their icons, source packages. */
const target = (name: string, file: string): string =>
  `Acquire::IndexTargets::deb::${name} { MetaKey "$(COMPONENT)/dep11/${file}"; ShortDescription "${name}"; ` +
  `Description "$(RELEASE)/$(COMPONENT) ${name}"; KeepCompressed "true"; KeepCompressedAs "gz"; DefaultEnabled "true"; };`;

export interface Apt {
  /** Runs `apt-get` with these arguments in a folder; returns its standard output. The indexes are up to date. */
  get(args: readonly string[], folder: string): Promise<string>;
  /**
   * The path of an index of the release's main archive, by the name of its target, such as "Packages".
   * @throws Error if apt lists no index of that name
   */
  index(target: string): Promise<string>;
}

/**
 * Fetches Debian's indexes into `folder` (about 60 MB, once; again after a month) and returns apt on top of them.
 * Throws an error if the machine's package client is not Debian's.
 */
export async function openApt(folder: string): Promise<Apt> {
  const configuration = await configure(folder);
  const get = async (args: readonly string[], cwd: string): Promise<string> => {
    const options = { cwd, maxBuffer: 1 << 28, env: { ...process.env, LC_ALL: "C" } };
    return (await execute("apt-get", ["-q", "-c", configuration, ...args], options)).stdout;
  };
  const mark = join(folder, "updated");
  const updated = await stat(mark).catch(() => undefined);
  const month = 30 * 24 * 3600 * 1000;
  if (!updated || Date.now() - updated.mtimeMs > month) {
    await get(["update"], folder);
    await writeFile(mark, "");
  }
  let targets: Promise<string[][]> | undefined;
  const index = async (target: string): Promise<string> => {
    const rows = await (targets ??= indexTargets(get, folder));
    // Updates and security fixes have separate suites: the plain suite is the archive itself.
    const row = rows.find(
      ([by, suite, component]) => by === target && component === "main" && !suite?.includes("-"),
    );
    if (row?.[3] === undefined) throw new Error(`apt lists no index ${target}.`);
    return row[3];
  };
  return { get, index };
}

/** Target, suite, component and path of every index. */
async function indexTargets(get: Apt["get"], folder: string): Promise<string[][]> {
  const format = "$(CREATED_BY)\t$(SUITE)\t$(COMPONENT)\t$(FILENAME)";
  const listed = await get(["indextargets", "--format", format], folder);
  return listed.split("\n").map((line) => line.split("\t"));
}

async function configure(folder: string): Promise<string> {
  const sources = join(folder, "sources");
  for (const part of ["state/lists/partial", "cache/archives/partial", "sources"]) {
    await mkdir(join(folder, part), { recursive: true });
  }
  await replaceFile(join(sources, "flava.sources"), await debianSources("/etc/apt"));
  const configuration = join(folder, "apt.conf");
  const lines = [
    "#clear APT::Update::Post-Invoke;",
    "#clear APT::Update::Post-Invoke-Success;",
    "#clear Acquire::Languages;",
    "#clear Acquire::IndexTargets::deb::DEP-11;",
    'Acquire::Languages { "en"; };',
    'Acquire::GzipIndexes "false";',
    target("DEP-11", "Components-$(NATIVE_ARCHITECTURE).yml"),
    target("DEP-11-icons", "icons-64x64.tar"),
    target("DEP-11-icons-large", "icons-128x128.tar"),
    'APT::Sandbox::User "root";',
    `Dir::State "${folder}/state";`,
    'Dir::State::status "/dev/null";',
    `Dir::Cache "${folder}/cache";`,
    'Dir::Etc::SourceList "/dev/null";',
    `Dir::Etc::SourceParts "${sources}";`,
  ];
  await replaceFile(configuration, lines.join("\n") + "\n");
  return configuration;
}

/** The system's own Debian archives, limited to its release, with source packages. */
async function debianSources(etc: string): Promise<string> {
  const release = await readFile("/etc/os-release", "utf8").catch(() => "");
  const codename = /^VERSION_CODENAME=(.+)$/m.exec(release)?.[1];
  if (codename === undefined) {
    throw new Error(
      "This machine is not Debian: its packages cannot be fetched with apt-get here.",
    );
  }
  const parts = await readdir(join(etc, "sources.list.d")).catch(() => []);
  const files = ["sources.list", ...parts.map((part) => join("sources.list.d", part))];
  const stanzas: string[] = [];
  for (const file of files) {
    const text = await readFile(join(etc, file), "utf8").catch(() => "");
    stanzas.push(
      ...(file.endsWith(".sources") ? text.split(/\n\s*\n/) : text.split("\n").flatMap(stanzaOf)),
    );
  }
  const kept = stanzas.filter((stanza) => {
    const suites = /^Suites:\s*(.+)$/m.exec(stanza)?.[1]?.trim().split(/\s+/) ?? [];
    return suites.some((suite) => new RegExp(`^${codename}(-updates|-security)?$`).test(suite));
  });
  return (
    kept.map((stanza) => stanza.trim().replace(/^Types:.*$/m, "Types: deb deb-src")).join("\n\n") +
    "\n"
  );
}

/** A line of the old format, `deb [options] URI suite components`, as a stanza of the new one. */
function stanzaOf(line: string): string[] {
  const [, options = "", uri, suite, components] =
    /^deb\s+(?:\[([^\]]*)\]\s+)?(\S+)\s+(\S+)\s+(.+)$/.exec(line.trim()) ?? [];
  if (uri === undefined || suite === undefined || components === undefined) return [];
  const signed = /signed-by=(\S+)/.exec(options)?.[1];
  const lines = ["Types: deb", `URIs: ${uri}`, `Suites: ${suite}`, `Components: ${components}`];
  return [[...lines, ...(signed === undefined ? [] : [`Signed-By: ${signed}`])].join("\n")];
}

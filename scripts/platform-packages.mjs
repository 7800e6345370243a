// Makes packages with compiled kernels, for machines without a compiler and package managers that run no install scripts:
//
//   node scripts/platform-packages.mjs OUT [flava-linux-x64 ...]     default: all that can be built here
//
// Each of OUT/flava-linux-x64, OUT/flava-linux-arm64 and so on has flava.node and a package.json with os, cpu and libc, by which
// package managers choose. OUT/flava is the package itself, with them as optional dependencies. Publish those first, then it.
//
// Kernels are built for this system and, by cross compilers that are installed, for Linux on arm64 (Debian's g++-aarch64-linux-gnu) and
// for musl (Zig, from the Python package ziglang). They need the C and C++ libraries of the system that they are built on, or newer
// ones; those that Zig builds need nothing but musl.

import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));

/** Runs a program; its output. Ends with its message if it fails. */
function run(command, parameters, options = {}) {
  const { status, stdout, stderr, error } = spawnSync(command, parameters, {
    ...{ cwd: root, encoding: "utf8", maxBuffer: 2 ** 26 },
    ...options,
    env: { ...process.env, ...options.env },
  });
  if (status === 0) return stdout;
  console.error(
    `flava: ${[command, ...parameters].join(" ")} failed.\n${stdout}${stderr}${error ?? ""}`,
  );
  process.exit(1);
}

/** Platforms with a cross compiler, which has a folder of objects of its own. */
const crossTargets = [
  {
    ...{ os: "linux", cpu: "arm64", libc: "glibc", folder: "native-arm" },
    compiler: "aarch64-linux-gnu-g++",
  },
  {
    ...{ os: "linux", cpu: "x64", libc: "musl", folder: "native-musl" },
    compiler: "python3 -m ziglang c++ -target x86_64-linux-musl -s", // it keeps 30 MB for debuggers otherwise
  },
];

function isInstalled({ compiler }) {
  const [command, ...rest] = compiler.split(" ");
  return spawnSync(command, [...rest, "--version"]).status === 0;
}

/** Platforms to build for: their parts in package.json, the folder of objects, and the compiler if it is not the default. */
function findTargets() {
  const { platform, arch } = process;
  if (platform === "win32") return []; // the kernels need Linux or macOS
  const isGlibc = process.report.getReport().header.glibcVersionRuntime !== undefined;
  const libc = platform === "linux" ? (isGlibc ? "glibc" : "musl") : undefined;
  const own = { os: platform, cpu: arch, libc, folder: "native" };
  const others = crossTargets.filter((target) => nameOf(target) !== nameOf(own));
  return [own, ...others.filter(isInstalled)];
}

const nameOf = ({ os, cpu, libc }) => `flava-${os}${libc === "musl" ? "musl" : ""}-${cpu}`;

/** Builds the kernels for a platform and writes their package. */
function writePlatform(out, target) {
  const { os, cpu, libc, folder, compiler } = target;
  const name = nameOf(target);
  const directory = join(out, name);
  const addon = join(directory, "flava.node");
  const build = [join(root, "native", "build.mjs"), "--objects", folder, "--addon", addon];
  process.stdout.write(run(process.execPath, build, { env: compiler ? { CXX: compiler } : {} }));
  const { version, license, author, engines } = manifest;
  const description = `Compiled kernels of flava for ${os} on ${cpu}${libc ? `, ${libc}` : ""}`;
  writeJson(join(directory, "package.json"), {
    ...{ name, version, description, license, author, engines, main: "flava.node" },
    ...{ files: ["flava.node"], os: [os], cpu: [cpu], ...(libc && { libc: [libc] }) },
  });
  copyFileSync(join(root, "LICENSE"), join(directory, "LICENSE"));
  return name;
}

/** Writes the package itself, as npm packs it, with the packages of the platforms as optional dependencies. */
function writeMain(out, platforms) {
  const packing = mkdtempSync(join(tmpdir(), "flava-pack-"));
  try {
    const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", packing];
    const [{ filename }] = JSON.parse(run("npm", pack));
    run("tar", ["-xzf", join(packing, filename), "-C", packing]);
    const directory = join(out, manifest.name);
    rmSync(directory, { recursive: true, force: true });
    run("cp", ["-r", join(packing, "package"), directory]);
    const scripts = { ...manifest.scripts, prepare: undefined }; // it needs the sources
    const { version } = manifest;
    const optionalDependencies = Object.fromEntries(platforms.map((name) => [name, version]));
    writeJson(join(directory, "package.json"), { ...manifest, scripts, optionalDependencies });
  } finally {
    rmSync(packing, { recursive: true });
  }
}

const writeJson = (path, value) => writeFileSync(path, `${JSON.stringify(value, undefined, 2)}\n`);

const [given, ...names] = process.argv.slice(2);
if (given === undefined) {
  console.error("usage: node scripts/platform-packages.mjs OUT [flava-linux-x64 ...]");
  process.exit(2);
}
const targets = findTargets();
const unknown = names.find((name) => !targets.some((target) => nameOf(target) === name));
if (unknown !== undefined) {
  const possible = targets.map(nameOf).join(", ") || "none";
  console.error(`flava: ${unknown} cannot be built here; packages that can: ${possible}.`);
  process.exit(2);
}
const out = resolve(given);
const platforms = targets
  .filter((target) => names.length === 0 || names.includes(nameOf(target)))
  .map((target) => writePlatform(out, target));
writeMain(out, platforms);
console.log(
  `flava: wrote ${[...platforms, manifest.name].map((name) => join(given, name)).join(", ")}`,
);

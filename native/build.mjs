// Compiles the native kernels into build/native/flava.node.
//
//   node native/build.mjs              fails if the kernels cannot be built
//   node native/build.mjs --optional   never fails: without them the slower kernels in WebAssembly are used; builds nothing
//                                      where a package for this platform has them
//   node native/build.mjs --emulate    adds the level amx-emulated, which tests the kernels for AMX without it, on this machine
//   node native/build.mjs --emulate-avx512
//                                      the same, and on a processor without AVX-512 emulates that, too
//   node native/build.mjs --sanitize address,undefined
//                                      builds check and flava.node in build/native-address,undefined (see sanitize.sh),
//                                      with that level too
//   node native/build.mjs --check FOLDER
//                                      builds both in build/FOLDER, without sanitizers (see arm.sh)
//   node native/build.mjs --objects FOLDER --addon PATH
//                                      builds PATH, with objects in build/FOLDER (see scripts/platform-packages.mjs)
//
// The compiler is $CXX, or the first of c++, g++, clang++ that runs.

import { spawn, spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { createHash } from "node:crypto";
import { createRequire } from "node:module";
import { availableParallelism, tmpdir } from "node:os";
import { basename, dirname, join, relative, resolve } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const native = dirname(fileURLToPath(import.meta.url));
const root = dirname(native);
const { values: options } = parseArgs({
  options: {
    optional: { type: "boolean", default: false },
    emulate: { type: "boolean", default: false },
    "emulate-avx512": { type: "boolean", default: false },
    sanitize: { type: "string" },
    check: { type: "string" },
    objects: { type: "string" },
    addon: { type: "string" },
  },
});
const folder =
  options.objects ?? options.check ?? (options.sanitize ? `native-${options.sanitize}` : "native");
const output = join(root, "build", folder);
const addon = options.addon ? resolve(options.addon) : join(output, "flava.node");
/** Whether the program that runs programs without Node is built, too. */
const checks = options.check !== undefined || options.sanitize !== undefined;

const avx2 = ["-mavx2", "-mfma", "-mf16c"];
const avx512 = [...avx2, "-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512dq"];
const avx512bf16 = [...avx512, "-mavx512bf16", "-mavx512vnni"];
const amx = [...avx512bf16, "-mamx-tile", "-mamx-bf16", "-mamx-int8"];

// What stands in for AVX-512 on a processor with AVX2 alone.
const likeAvx512 = {
  flags: [...avx2, "-Wno-psabi", "-Wno-ignored-attributes"],
  include: "native/simd/emulated-avx512.h",
};
const likeAvx512bf16 = {
  ...likeAvx512,
  flags: [...likeAvx512.flags, "-DFLAVA_EMULATE_AVX512BF16"],
};

const neonBf16 = ["-march=armv8.2-a+bf16+i8mm"];

/**
 * The levels of the processor that the compiler makes code for: its flags, an instruction that the assembler must
 * know, if the flags do not tell, and a header before all others.
 */
function levelsOf([command, ...rest]) {
  const target = spawnSync(command, [...rest, "-dumpmachine"], { encoding: "utf8" }).stdout;
  const portable = { flags: [] };
  if (/^(aarch64|arm64)/.test(target)) return { portable, neonBf16: { flags: neonBf16 } };
  if (!target.startsWith("x86_64")) return { portable };
  // An emulated level takes what it does not have from the levels before it, so those that this processor lacks are left out.
  const sanitizes = options.sanitize !== undefined;
  const emulates = options.emulate || options["emulate-avx512"] || sanitizes;
  const hasAll = !emulates || processorFlags().includes("avx512_bf16");
  const emulatesVectors = options["emulate-avx512"] && !hasAll;
  const beforeTiles = hasAll
    ? { flags: avx512bf16 }
    : emulatesVectors
      ? likeAvx512bf16
      : { flags: avx2 };
  return {
    portable,
    avx2: { flags: avx2 },
    ...(hasAll && { avx512: { flags: avx512 }, avx512bf16: { flags: avx512bf16 } }),
    // Sanitizers do not see what tile instructions read and write, but what their emulation does.
    ...(hasAll &&
      !sanitizes && { amx: { flags: amx, instruction: "tdpbf16ps %tmm2, %tmm1, %tmm0" } }),
    ...(emulatesVectors && { avx512Emulated: likeAvx512, avx512bf16Emulated: likeAvx512bf16 }),
    ...(emulates && {
      amxEmulated: { ...beforeTiles, flags: [...beforeTiles.flags, "-DFLAVA_EMULATE_AMX"] },
    }),
  };
}

function processorFlags() {
  const file = "/proc/cpuinfo";
  if (!existsSync(file)) return [];
  return (/^flags\s*:(.*)$/m.exec(readFileSync(file, "utf8"))?.[1] ?? "").trim().split(" ");
}

/** Levels that add instructions for products alone have these kernels, and share all others with the level before. */
const productLevels = ["amx", "amxEmulated", "neonBf16"];
const productKernels = [
  "attention-gradient.cpp",
  "attention.cpp",
  "conv2d-gradient.cpp",
  "conv2d.cpp",
  "matmul.cpp",
  "pack-weights.cpp", // in the panels of the products
  "quantized-matmul.cpp",
];

const commonFlags = [
  ...[
    "-std=gnu++17",
    "-fPIC",
    "-fvisibility=hidden",
    "-ffp-contract=fast",
    "-fno-math-errno",
    "-pthread",
  ],
  ...["-Wall", "-Wextra"],
  ...(options.sanitize
    ? [
        "-O1",
        "-g1",
        "-fno-omit-frame-pointer",
        `-fsanitize=${options.sanitize}`,
        "-fno-sanitize-recover=all",
      ]
    : ["-O3"]),
];

/** Ends the build without output. Kernels that were built before stay: they are much faster than those in WebAssembly. */
function giveUp(reason) {
  const used = existsSync(addon)
    ? `those built before, in ${relative(root, addon)}, remain in use and lack what has changed since`
    : `${findPlatformPackage() ?? "the slower kernels in WebAssembly"} will be used`;
  console.error(`flava: ${reason}; ${used}`);
  process.exit(options.optional ? 0 : 1);
}

/** The package with compiled kernels for this platform, if it is installed in this version and loads. */
function findPlatformPackage() {
  const load = createRequire(import.meta.url);
  const { version } = load("../package.json");
  const { platform, arch } = process;
  const systems = platform === "linux" ? ["linux", "linuxmusl"] : [platform];
  return systems
    .map((system) => `flava-${system}-${arch}`)
    .find((name) => {
      try {
        return load(`${name}/package.json`).version === version && load(name) !== undefined;
      } catch {
        return false;
      }
    });
}

function findCompiler() {
  const candidates = [process.env.CXX, "c++", "g++", "clang++"].filter(Boolean);
  return candidates
    .map((candidate) => candidate.split(" "))
    .find(([command, ...rest]) => spawnSync(command, [...rest, "--version"]).status === 0);
}

function nodeApiFlags() {
  try {
    return ["-isystem", createRequire(import.meta.url)("node-api-headers").include_dir];
  } catch {
    return giveUp("the native kernels were not built, because node-api-headers is not installed");
  }
}

function sourcesIn(folder) {
  const path = join(native, folder);
  if (!existsSync(path)) return [];
  const names = readdirSync(path).filter((name) => name.endsWith(".cpp"));
  return names.sort().map((name) => join(path, name));
}

function isKnownTo([command, ...rest], { flags, instruction }) {
  const source = instruction ? `void probe() { asm volatile("${instruction}"); }` : "";
  const probe = [...rest, ...flags, "-x", "c++", "-c", "-o", "/dev/null", "-"];
  const options = { input: source, cwd: tmpdir() }; // where Zig leaves a file
  return flags.length === 0 || spawnSync(command, probe, options).status === 0;
}

/** The header that most kernels spend most of their compilation on. */
const intrinsics = join(native, "simd", "intrinsics.h");

/** The file that all kernels of a level include first, and where compilers look for it compiled. */
const firstHeaderOf = (level) => join(output, level, "first.h");
const precompiledOf = (level) => `${firstHeaderOf(level)}.gch`;

/**
 * All objects, in link order. The linker keeps the first of several copies of an inline function, so code
 * compiled for every processor comes first and code for the newest processors last.
 */
function planObjects(compiler) {
  const runtime = [...sourcesIn("runtime"), ...sourcesIn("node")];
  const check = checks ? sourcesIn("check") : [];
  const kernels = sourcesIn("kernels");
  const runtimeFlags = nodeApiFlags();
  const objectOf = (source, folder, flags) => ({
    ...{ source, folder, flags },
    path: join(output, folder, `${relative(native, source).replaceAll(/[\\/]/g, "-")}.o`),
  });
  const kernelsAt = (level) =>
    productLevels.includes(level)
      ? kernels.filter((source) => productKernels.includes(basename(source)))
      : kernels;
  const levels = Object.entries(levelsOf(compiler))
    .filter(([, traits]) => isKnownTo(compiler, traits))
    .map(([level, traits]) => ({
      ...{ ...traits, level },
      flags: [`-DFLAVA_LEVEL=${level}`, ...traits.flags],
    }));
  return {
    levels,
    objects: [
      ...runtime.map((source) => objectOf(source, "runtime", runtimeFlags)),
      ...check.map((source) => objectOf(source, "runtime", [])),
      ...levels.flatMap(({ level, flags, include }) => {
        const headers = [relative(root, firstHeaderOf(level)), include].filter(Boolean);
        const all = [...flags, ...headers.flatMap((path) => ["-include", path])];
        return kernelsAt(level).map((source) => objectOf(source, level, all));
      }),
    ],
  };
}

const hashes = new Map();

/** SHA-256 of a file's content; undefined if there is no such file. */
function hashOf(path) {
  if (!hashes.has(path)) {
    const content = existsSync(path) ? readFileSync(path) : undefined;
    hashes.set(path, content && createHash("sha256").update(content).digest("hex"));
  }
  return hashes.get(path);
}

/** The source and the headers that it includes, as the compiler listed them when it made the object. */
function dependenciesOf({ path }) {
  const [, list = ""] = readFileSync(`${path}.d`, "utf8").split(/:\s/, 2);
  const paths = list.replaceAll("\\\n", " ").replaceAll("\\ ", "\0").split(/\s+/);
  return paths.filter(Boolean).map((path) => path.replaceAll("\0", " "));
}

/** What an object was made of: compiler, flags and contents of files. Times of files change with every checkout. */
function fingerprintOf(compiler, object) {
  // GCC does not list what it has compiled before; Clang lists it by absolute paths, which a copy must not trust.
  const paths = [intrinsics, ...dependenciesOf(object)].map((path) => resolve(root, path));
  const files = paths.map((path) => [relative(root, path), hashOf(path)]);
  return JSON.stringify([compiler, commonFlags, object.flags, files]);
}

function isStale(compiler, object) {
  const made = [object.path, `${object.path}.d`, `${object.path}.json`];
  if (!made.every((path) => existsSync(path))) return true;
  return readFileSync(`${object.path}.json`, "utf8") !== fingerprintOf(compiler, object);
}

/** Runs the compiler; resolves to its output and whether it succeeded. */
function runCompiler(compiler, parameters) {
  const [command, ...rest] = compiler;
  return new Promise((settle) => {
    const child = spawn(command, [...rest, ...parameters], {
      cwd: root,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let text = "";
    for (const stream of [child.stdout, child.stderr])
      stream.on("data", (chunk) => (text += chunk));
    child.on("error", (error) => settle({ succeeded: false, text: error.message }));
    child.on("close", (code) => settle({ succeeded: code === 0, text }));
  });
}

/** Runs the compiler with a temporary output file, which gets its final name only once complete. */
async function produce(compiler, path, parameters) {
  const unfinished = `${path}.${process.pid}`;
  const result = await runCompiler(compiler, [...parameters, "-o", unfinished]);
  if (result.succeeded) renameSync(unfinished, path);
  return result;
}

/** Compiles with paths relative to the root, so that objects stay valid in a copy of the folder. */
async function compile(compiler, object) {
  const { source, flags, path } = object;
  rmSync(`${path}.json`, { force: true });
  const dependencies = ["-MMD", "-MF", `${path}.d`];
  const parameters = [...commonFlags, ...flags, ...dependencies, "-c", relative(root, source)];
  const result = await produce(compiler, path, parameters);
  if (result.succeeded) writeFileSync(`${path}.json`, fingerprintOf(compiler, object));
  return result;
}

/** Calls `make` with each of `inputs`, in order, as many at a time as there are cores; returns the results. */
async function onAllCores(inputs, make) {
  const queue = [...inputs];
  const results = [];
  const drain = async () => {
    for (let input = queue.shift(); input !== undefined; input = queue.shift()) {
      results.push(await make(input));
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, drain));
  return results;
}

/** Compiles what all kernels of a level include first. Where that fails, each of them reads the header itself. */
async function precompile(compiler, { level, flags }) {
  const header = firstHeaderOf(level);
  writeFileSync(header, `#include "${relative(dirname(header), intrinsics)}"\n`);
  const parameters = [...commonFlags, ...flags, "-x", "c++-header", relative(root, header)];
  await produce(compiler, precompiledOf(level), parameters);
}

/** Compiles on all cores, long files first so that no core is left waiting for one; returns the results. */
async function compileAll(compiler, levels, objects) {
  const stale = levels.filter(({ level }) => objects.some(({ folder }) => folder === level));
  await onAllCores(stale, (level) => precompile(compiler, level));
  const longFirst = [...objects].sort((a, b) => statSync(b.source).size - statSync(a.source).size);
  const results = await onAllCores(longFirst, (object) => compile(compiler, object));
  for (const { level } of stale) rmSync(precompiledOf(level), { force: true }); // 27 MB each
  return results;
}

/** Links all objects but those of the folder `other`, which belong to the other product. */
function link(compiler, path, objects, flags, other) {
  const parts = objects.filter(({ source }) => dirname(source) !== join(native, other));
  const sanitizers = options.sanitize ? [`-fsanitize=${options.sanitize}`] : [];
  const inputs = parts.map((object) => object.path);
  return produce(compiler, path, [...flags, ...sanitizers, "-pthread", ...inputs]);
}

async function linkAll(compiler, objects) {
  const shared =
    process.platform === "darwin" ? ["-bundle", "-undefined", "dynamic_lookup"] : ["-shared"];
  const results = [await link(compiler, addon, objects, shared, "check")];
  if (checks) {
    results.push(await link(compiler, join(output, "check"), objects, [], "node"));
  }
  return results;
}

async function build() {
  const start = performance.now();
  const prebuilt = options.optional ? findPlatformPackage() : undefined;
  if (prebuilt !== undefined) {
    console.log(`flava: the compiled kernels of ${prebuilt} are used`);
    return;
  }
  const compiler = process.platform === "win32" ? undefined : findCompiler();
  if (compiler === undefined)
    giveUp("the native kernels were not built, because neither g++ nor clang++ was found");
  const plan = planObjects(compiler);
  for (const path of [addon, ...plan.objects.map((object) => object.path)])
    mkdirSync(dirname(path), { recursive: true });
  const stale = plan.objects.filter((object) => isStale(compiler, object));
  const results = await compileAll(compiler, plan.levels, stale);
  if (results.every(({ succeeded }) => succeeded))
    results.push(...(await linkAll(compiler, plan.objects)));
  const messages = join(output, "messages.txt");
  writeFileSync(messages, results.map(({ text }) => text).join(""));
  const failures = results.filter(({ succeeded }) => !succeeded).length;
  if (failures > 0)
    giveUp(
      `the native kernels were not built: ${failures} of ${results.length} compilations failed, see ${messages}`,
    );
  const seconds = ((performance.now() - start) / 1000).toFixed(1);
  const name = relative(root, addon);
  console.log(
    `flava: built ${name} (${plan.levels.map(({ level }) => level).join(", ")}) in ${seconds} s, ${stale.length} files compiled`,
  );
}

await build();

// Compiles the kernels into native/wasm/flava.wasm, which is part of the repository and of the package.
//
//   node native/build-wasm.mjs           builds it; needs clang, lld, and for wasm32 wasi-libc, libc++ and compiler-rt
//   node native/build-wasm.mjs --check   fails if it was built from other sources than these or, with the compiler and the
//                                        libraries that made it, if building it again gives other bytes
//
// The compiler is $WASM_CXX, or clang++.

import { execFileSync, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const native = dirname(fileURLToPath(import.meta.url));
const root = dirname(native);
const product = join(native, "wasm", "flava.wasm");
const objects = join(root, "build", "wasm");
const compiler = process.env.WASM_CXX ?? "clang++";

const target = "--target=wasm32-wasi";
/** The processor that every WebAssembly engine has had since 2021; memory is shared by the threads. */
const features = ["-msimd128", "-matomics", "-mbulk-memory"];
const compileFlags = [
  ...["-std=gnu++17", "-O3", "-ffp-contract=fast", "-fno-math-errno", "-fvisibility=hidden"],
  ...["-fno-exceptions", "-fno-rtti", "-fno-threadsafe-statics", "-Wall", "-Wextra", "-Werror"],
  "-DFLAVA_LEVEL=portable",
];
const linkFlags = [
  ...["-nostartfiles", "-nostdlib++", "-Wl,--no-entry", "-Wl,--strip-all", "-Wl,--stack-first"],
  ...["-Wl,--import-memory", "-Wl,--shared-memory", "-Wl,--max-memory=4294967296"],
  "-Wl,--initial-memory=1048576", // as initialPages in src/backend/wasm/instance.ts
  "-Wl,-z,stack-size=262144",
  "-Wl,--export=__stack_pointer", // each thread sets its own
  "-Wl,--no-check-features", // the C library is built for one thread; cosf, pow and strlen do not mind
];

const sha256 = (...parts) => {
  const hash = createHash("sha256");
  for (const part of parts) hash.update(part);
  return hash.digest("hex");
};

const sources = [
  ...["job.h", "kernel.h"].map((name) => join(native, "runtime", name)),
  ...["gemm", "kernels", "simd", "wasm"].flatMap((folder) =>
    readdirSync(join(native, folder))
      .filter((name) => /\.(h|cpp)$/.test(name))
      .sort()
      .map((name) => join(native, folder, name)),
  ),
];

/** Stands for the sources and how they are compiled. */
const sourcesHash = sha256(
  ...[target, features, compileFlags, linkFlags].map(String),
  ...sources.flatMap((path) => [relative(native, path).replaceAll("\\", "/"), readFileSync(path)]),
);

/** The compiler's first line about itself, and a hash of the libraries that it links; undefined if there is none. */
function toolchain() {
  const ask = (...parameters) => spawnSync(compiler, [target, ...parameters], { encoding: "utf8" });
  const { status, stdout } = ask("--version");
  if (status !== 0) return undefined;
  const libraries = ["libc.a", "libm.a"].map((name) => ask(`-print-file-name=${name}`));
  const paths = [...libraries, ask("-print-libgcc-file-name")].map((found) => found.stdout.trim());
  try {
    return {
      compiler: stdout.split("\n", 1)[0],
      libraries: sha256(...paths.map((path) => readFileSync(path))),
    };
  } catch {
    return undefined; // no libraries for wasm32
  }
}

const sectionName = "flava.build";

/** A custom section that says what the module was built from, and with what. */
function buildSection(record) {
  const text = (string) => [Buffer.from([string.length]), Buffer.from(string)];
  const body = Buffer.concat([...text(sectionName), Buffer.from(JSON.stringify(record))]);
  const size = []; // LEB128
  for (let rest = body.length; rest > 0 || size.length === 0; rest >>>= 7) {
    size.push((rest & 0x7f) | (rest > 0x7f ? 0x80 : 0));
  }
  return Buffer.concat([Buffer.from([0, ...size]), body]);
}

function recordIn(bytes) {
  const [section] = WebAssembly.Module.customSections(new WebAssembly.Module(bytes), sectionName);
  return section && JSON.parse(Buffer.from(section).toString("utf8"));
}

function compile(source, object) {
  const parameters = [target, ...features, ...compileFlags, "-c", relative(root, source)];
  return new Promise((settle, reject) => {
    const child = spawn(compiler, [...parameters, "-o", object], { cwd: root, stdio: "inherit" });
    child.on("error", reject);
    child.on("close", (code) =>
      code === 0 ? settle() : reject(new Error(`${relative(root, source)} does not compile`)),
    );
  });
}

/** The module, with the record of its build. */
async function build(tools) {
  mkdirSync(objects, { recursive: true });
  const units = sources
    .filter((path) => path.endsWith(".cpp"))
    .map((source) => [
      source,
      join(objects, `${relative(native, source).replaceAll(/[\\/]/g, "-")}.o`),
    ]);
  const queue = [...units];
  const drain = async () => {
    for (let unit = queue.shift(); unit; unit = queue.shift()) await compile(...unit);
  };
  await Promise.all(Array.from({ length: availableParallelism() }, drain));
  const linked = join(objects, "flava.wasm");
  const inputs = units.map(([, object]) => object);
  execFileSync(compiler, [target, ...linkFlags, ...inputs, "-lm", "-o", linked], {
    stdio: "inherit",
  });
  return Buffer.concat([readFileSync(linked), buildSection({ sources: sourcesHash, ...tools })]);
}

async function check() {
  const bytes = readFileSync(product);
  const record = recordIn(bytes);
  if (record?.sources !== sourcesHash) {
    console.error("flava.wasm was built from other sources: run npm run build:wasm");
    return 1;
  }
  const tools = toolchain();
  if (tools?.compiler !== record.compiler || tools.libraries !== record.libraries) {
    const here = tools ? `with ${tools.compiler}` : "without a compiler for wasm32";
    console.log(
      `flava.wasm is of these sources. ${record.compiler} built it, so ${here} it cannot be compared byte by byte.`,
    );
    return 0;
  }
  if (!(await build(tools)).equals(bytes)) {
    console.error(
      "flava.wasm differs from a new build of its sources with the same compiler and libraries: run npm run build:wasm",
    );
    return 1;
  }
  console.log("flava.wasm is what its sources give.");
  return 0;
}

async function main() {
  const { values } = parseArgs({ options: { check: { type: "boolean", default: false } } });
  if (values.check) return check();
  const tools = toolchain();
  if (tools === undefined) {
    console.error(
      `${compiler} does not compile for wasm32. On Debian: ` +
        "apt-get install clang lld wasi-libc libc++-dev-wasm32 libclang-rt-dev-wasm32",
    );
    return 1;
  }
  const bytes = await build(tools);
  writeFileSync(product, bytes);
  console.log(`flava: built ${relative(root, product)}, ${Math.round(bytes.length / 1000)} kB`);
  return 0;
}

process.exitCode = await main();

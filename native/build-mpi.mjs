// Compiles native/mpi into build/mpi/<library>.so for each MPI library whose compiler is found.
//
//   node native/build-mpi.mjs              fails if there is no MPI
//   node native/build-mpi.mjs --optional   builds nothing then, and says nothing
//
// The compilers are $MPICXX, or those of mpicxx, mpicxx.openmpi, mpicxx.mpich, mpiicpx and CC that are there.

import { spawnSync } from "node:child_process";
import { mkdirSync, renameSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const native = dirname(fileURLToPath(import.meta.url));
const output = join(dirname(native), "build", "mpi");
const optional = process.argv.includes("--optional");

const compilers = process.env.MPICXX
  ? [process.env.MPICXX]
  : ["mpicxx", "mpicxx.openmpi", "mpicxx.mpich", "mpiicpx", "CC"];

/** The library that a compiler compiles for; Intel MPI and Cray MPICH are MPICH with other names. */
function libraryOf(compiler) {
  const source =
    "#include <mpi.h>\n#ifdef OPEN_MPI\nopenmpi\n#elif defined(MPICH_VERSION)\nmpich\n#endif\n";
  const { status, stdout } = spawnSync(compiler, ["-E", "-P", "-x", "c++", "-"], {
    input: source,
    encoding: "utf8",
    maxBuffer: 2 ** 26,
  });
  return status === 0
    ? ["openmpi", "mpich"].find((name) => stdout.trimEnd().endsWith(name))
    : undefined;
}

function compile(compiler, library) {
  const target = join(output, `${library}.so`);
  const unfinished = `${target}.${process.pid}`;
  const flags = [
    ...["-std=gnu++17", "-O2", "-fPIC", "-shared", "-fvisibility=hidden", "-Wall", "-Wextra"],
    // MPI's bindings for C++ are not used, and their headers have warnings.
    ...["-DOMPI_SKIP_MPICXX", "-DMPICH_SKIP_MPICXX"],
  ];
  const sources = [join(native, "mpi", "mpi.cpp")];
  const { status } = spawnSync(compiler, [...flags, ...sources, "-o", unfinished], {
    stdio: "inherit",
  });
  if (status !== 0) return false;
  renameSync(unfinished, target);
  console.log(`flava: built build/mpi/${library}.so with ${compiler}`);
  return true;
}

const found = new Map();
if (process.platform !== "win32") {
  for (const compiler of compilers) {
    const library = libraryOf(compiler);
    if (library !== undefined && !found.has(library)) found.set(library, compiler);
  }
}
if (found.size === 0 && !optional) {
  console.error(
    "flava: there is no MPI to build for. Install Open MPI (Debian: openmpi-bin libopenmpi-dev) or MPICH (mpich libmpich-dev), " +
      "or load your cluster's module, so that mpicxx is found; or name its compiler in MPICXX.",
  );
  process.exitCode = 1;
}
if (found.size > 0) mkdirSync(output, { recursive: true });
const failed = [...found].filter(([library, compiler]) => !compile(compiler, library));
if (failed.length > 0 && !optional) process.exitCode = 1;

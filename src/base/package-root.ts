/** The package's own files: its vocabulary, models, worker and compiled kernels. This file loads in a browser, too. */

/** This file, or the bundle that it became part of. A bundle in CommonJS has `__filename`, but no `import.meta.url`. */
const here = typeof __filename === "string" ? __filename : import.meta.url;

/**
 * `require` as the package's own files have it, also from a bundle that inlines this code and runs below the
 * `node_modules` that holds the package. Throws where the package is not found.
 */
export function packageRequire(): NodeJS.Require {
  const { createRequire } = node().getBuiltinModule("node:module");
  try {
    return createRequire(createRequire(here).resolve("flava/package.json"));
  } catch (cause) {
    throw new Error(
      `The package flava was not found from ${here}. A bundle needs it at run time: install it where the bundle runs, ` +
        "and mark it as external (esbuild: --external:flava).",
      { cause },
    );
  }
}

/** The path of a file that comes with the package. Throws where the package is not found. */
export function packagePath(...parts: readonly string[]): string {
  const path = node().getBuiltinModule("node:path");
  return path.join(path.dirname(packageRequire().resolve("flava/package.json")), ...parts);
}

/** The version of the package. */
export function packageVersion(): string {
  return (packageRequire()("flava/package.json") as { readonly version: string }).version;
}

/** Node's modules are asked for at run time: a bundler for browsers would stumble over an import. */
function node(): NodeJS.Process {
  const { process } = globalThis as { process?: NodeJS.Process };
  if (process) return process;
  throw new Error("The package's own files can be read in Node only.");
}

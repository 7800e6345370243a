/** The package's own files: its vocabulary, models, worker and compiled kernels. This file also loads in a browser. */

/** This file, or the bundle that contains it. A CommonJS bundle has `__filename`, but no `import.meta.url`. */
const here = typeof __filename === "string" ? __filename : import.meta.url;

/**
 * `require` as seen from the package, even in a bundle that inlines this code, as long as the package is installed in a
 * `node_modules` directory above the bundle. Throws if the package is not found.
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

/** The path of a file in the package. Throws if the package is not found. */
export function packagePath(...parts: readonly string[]): string {
  const path = node().getBuiltinModule("node:path");
  return path.join(path.dirname(packageRequire().resolve("flava/package.json")), ...parts);
}

/** The version of the package. */
export function packageVersion(): string {
  return (packageRequire()("flava/package.json") as { readonly version: string }).version;
}

/** Node, whose modules are loaded at run time, as a static import would break bundling for browsers. */
export function node(): NodeJS.Process {
  const { process } = globalThis as { process?: NodeJS.Process };
  if (process) return process;
  throw new Error("The package's own files can only be read in Node.");
}

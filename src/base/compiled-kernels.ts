/**
 * The compiled kernels: those built on this machine, else those of a package for its platform (scripts/platform-packages.mjs).
 * This file also loads in a browser, which has none.
 */
import { node, packageRequire, packageVersion } from "./package-root.js";

export interface CompiledKernels {
  /** What the compiled file exports. */
  readonly addon: unknown;
  /** The compiled file. */
  readonly path: string;
  /** The package that they are from; undefined if they were built here. */
  readonly package: string | undefined;
}

/**
 * Loads the compiled kernels.
 *
 * @throws Error of the last that were found, or of `require` if there are none
 */
export function loadCompiledKernels(): CompiledKernels {
  const load = packageRequire();
  let fault: unknown;
  try {
    const addon: unknown = load("#native");
    return { addon, path: load.resolve("#native"), package: undefined };
  } catch (error) {
    fault = error;
  }
  for (const name of platformPackages()) {
    const version = versionOf(load, name);
    if (version === undefined) continue;
    try {
      requireSameVersion(name, version);
      return { addon: load(name), path: load.resolve(name), package: name };
    } catch (error) {
      fault = error;
    }
  }
  throw fault;
}

/** Packages that may fit; package managers install the one for the C library of this machine. */
function platformPackages(): string[] {
  const { platform, arch } = node();
  const systems = platform === "linux" ? ["linux", "linuxmusl"] : [platform];
  return systems.map((system) => `flava-${system}-${arch}`);
}

function requireSameVersion(name: string, version: string): void {
  const own = packageVersion();
  if (version === own) return;
  throw new Error(
    `The compiled kernels in ${name} are of version ${version}, but flava is ${own}. Install them in that version: npm ` +
      `install ${name}@${own}`,
  );
}

/** The version of a package; undefined if it is not installed. */
function versionOf(load: NodeJS.Require, name: string): string | undefined {
  try {
    return (load(`${name}/package.json`) as { readonly version: string }).version;
  } catch {
    return undefined;
  }
}

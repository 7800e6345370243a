/** A page that imports the built package, bundled by Vite as a user's page would be. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "vite";
import { packagePath } from "../src/base/package-root.js";

/** How a page imports a file of the build, such as "browser.js". */
export const builtModule = (name: string): string =>
  JSON.stringify(packagePath("dist", "src", name));

/**
 * Bundles a page that runs a script.
 *
 * @param files a directory whose files are served beside the page; default: none
 * @returns the directory of the bundle, below `folder`
 */
export async function bundlePage(
  folder: string,
  script: string,
  files: string | false = false,
): Promise<string> {
  const [page, bundle] = [join(folder, "page"), join(folder, "bundle")];
  await mkdir(page, { recursive: true });
  await writeFile(join(page, "index.html"), '<script type="module" src="main.js"></script>');
  await writeFile(join(page, "main.js"), script);
  const output = { outDir: bundle, emptyOutDir: true, rolldownOptions: { external: /^node:/ } };
  await build({ root: page, publicDir: files, build: output, logLevel: "error" });
  return bundle;
}

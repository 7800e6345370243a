/** The indexes of Debian that hold pictures and prose: applications with their icons, descriptions of packages. */
import { copyFile, mkdir, rename } from "node:fs/promises";
import { join } from "node:path";
import type { Packages } from "./packages.js";

/** The files in the folder of `openAppstream`. */
export const appstreamFiles = {
  /** Applications: name, summary, description, categories, icon (DEP-11, YAML). */
  components: "components.yml.gz",
  /** Icons of 64 x 64 pixels, by the file names that the components give. */
  smallIcons: "icons-64x64.tar.gz",
  largeIcons: "icons-128x128.tar.gz",
  /** English descriptions of all packages. */
  descriptions: "translation-en",
} as const;

/** How apt calls the targets that those files are made from. */
const targets: Readonly<Record<keyof typeof appstreamFiles, string>> = {
  components: "DEP-11",
  smallIcons: "DEP-11-icons",
  largeIcons: "DEP-11-icons-large",
  descriptions: "Translations",
};

/**
 * The folder that holds `appstreamFiles` of Debian's main archive, fetched with a private apt. Undefined when they are
 * not to be had; `onMessage` was told why.
 */
export async function openAppstream(packages: Packages): Promise<string | undefined> {
  const folder = join(packages.cache, "packages", "appstream");
  await mkdir(folder, { recursive: true });
  try {
    const apt = await packages.apt();
    const format = "$(CREATED_BY)\t$(SUITE)\t$(COMPONENT)\t$(FILENAME)";
    const listed = (await apt.get(["indextargets", "--format", format], folder)).trim().split("\n");
    const rows = listed.map((line) => line.split("\t"));
    for (const [file, target] of Object.entries(targets)) {
      // Updates and security fixes have suites of their own: the plain suite is the archive itself.
      const row = rows.find(
        ([by, suite, component]) => by === target && component === "main" && !suite?.includes("-"),
      );
      const path = row?.[3];
      if (path === undefined) throw new Error(`apt lists no index ${target}.`);
      const place = join(folder, appstreamFiles[file as keyof typeof appstreamFiles]);
      await copyFile(path, `${place}.${process.pid}`);
      await rename(`${place}.${process.pid}`, place);
    }
    return folder;
  } catch (error) {
    const reason = error instanceof Error ? error.message.split("\n", 3).join(" ") : String(error);
    packages.onMessage(
      `Debian's indexes of applications and descriptions are not to be had: ${reason}`,
    );
    return undefined;
  }
}

import { type Packages, shortReason } from "./packages.js";

/**
 * Paths of indexes of Debian's main archive, by the names of their targets, such as "Packages". Undefined if they are
 * not available; the reason goes to `onMessage`.
 */
export async function debianIndexes<Target extends string>(
  packages: Packages,
  ...targets: readonly Target[]
): Promise<Readonly<Record<Target, string>> | undefined> {
  try {
    const apt = await packages.apt();
    const paths: Partial<Record<Target, string>> = {};
    for (const target of targets) paths[target] = await apt.index(target);
    return paths as Record<Target, string>;
  } catch (error) {
    packages.onMessage(
      `Debian's indexes ${targets.join(", ")} are not available, so everything made from them is left out: ${shortReason(error)}`,
    );
    return undefined;
  }
}

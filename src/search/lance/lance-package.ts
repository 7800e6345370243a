/** LanceDB, an optional package, loaded when it is first needed. */
import type * as Arrow from "apache-arrow";
import type * as LanceDb from "@lancedb/lancedb";

export interface LancePackage {
  readonly lancedb: typeof LanceDb;
  readonly arrow: typeof Arrow;
}

/** @throws Error that says how to install the package */
export async function lancePackage(): Promise<LancePackage> {
  // With a handler of its own, each import may be missing when a bundler looks for it.
  const [lancedb, arrow] = await Promise.all([
    import("@lancedb/lancedb").catch(refuse),
    import("apache-arrow").catch(refuse),
  ]);
  return { lancedb, arrow };
}

function refuse(cause: unknown): never {
  throw new Error(
    "An index in LanceDB needs two packages that are not installed by default. Install them with: " +
      "npm install @lancedb/lancedb apache-arrow",
    { cause },
  );
}

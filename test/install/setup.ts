/** Packs the package and installs it with npm once, compiler included; the tests share that project. */
import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestProject } from "vitest/node";
import manifest from "../../package.json" with { type: "json" };
import { newProject, root, run, succeed } from "./project.js";

declare module "vitest" {
  export interface ProvidedContext {
    /** A temporary folder for projects. */
    workspace: string;
    tarball: string;
    /** What npm packs: the list of files and the sizes, in bytes. */
    packed: { files: { path: string }[]; size: number; unpackedSize: number };
    /** Whether this machine has a compiler, so that the kernels are built. */
    compiles: boolean;
    /** A project with the package installed by npm, with TypeScript and both bundlers. */
    dependent: string;
  }
}

const bundlers = ["esbuild@0.28.2", "vite@8.4.0"];

const workspace = mkdtempSync(join(tmpdir(), "flava-install-"));

export async function setup({ provide }: TestProject): Promise<void> {
  const pack = `npm pack --json --ignore-scripts --pack-destination "${workspace}"`;
  await succeed("npm run build", { directory: root });
  const [packed] = JSON.parse(await succeed(pack, { directory: root })) as [
    { filename: string; files: { path: string }[]; size: number; unpackedSize: number },
  ];
  const tarball = join(workspace, packed.filename);

  const { typescript, "@types/node": nodeTypes } = manifest.devDependencies;
  const tools = [`typescript@${typescript}`, `@types/node@${nodeTypes}`, ...bundlers].join(" ");
  const dependent = newProject(workspace, "dependent", {
    allowScripts: { [`file:${tarball}`]: true }, // npm 12 runs no others
  });
  await succeed(`npm install "${tarball}" ${tools}`, { directory: dependent });

  const compilers = await run("c++ --version || g++ --version || clang++ --version", {
    directory: root,
  });
  const compiles = compilers.code === 0;
  if (!compiles)
    console.warn("No C++ compiler was found: only the kernels in WebAssembly are tested.");

  provide("compiles", compiles);
  provide("workspace", workspace);
  provide("tarball", tarball);
  provide("packed", packed);
  provide("dependent", dependent);
}

export async function teardown(): Promise<void> {
  await rm(workspace, { recursive: true, force: true });
}

/** Compiled kernels from a package for this platform, where no install script runs. */
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { newProject, product, root, run, succeed } from "./project.js";

const workspace = inject("workspace");
const out = join(workspace, "packages");
// musl has names of its own; CI runs on glibc.
const name = `flava-${process.platform}-${process.arch}`;
const program = "node node_modules/flava/dist/src/cli/main.js";
const classify = `${program} classify heart.svg --labels calendar,heart`;

describe.runIf(inject("compiles"))("a package with compiled kernels", () => {
  const directory = newProject(workspace, "prebuilt");
  const here = { directory };

  beforeAll(async () => {
    await succeed(`node scripts/platform-packages.mjs "${out}" ${name}`, { directory: root });
    const pack = `npm pack --pack-destination "${directory}"`;
    const tarball = (await succeed(pack, { directory: join(out, name) })).trim();
    const install = `npm install --ignore-scripts "${inject("tarball")}" "./${tarball}"`;
    await succeed(install, here);
  });

  it("is what the main package takes as an optional dependency", () => {
    const read = (
      folder: string,
    ): typeof manifest & { optionalDependencies: object; os: string[] } =>
      JSON.parse(readFileSync(join(out, folder, "package.json"), "utf8")) as never;
    expect(read(manifest.name).optionalDependencies).toEqual({ [name]: manifest.version });
    expect(read(name)).toMatchObject({ version: manifest.version, os: [process.platform] });
  });

  it("is used without a build, and named by doctor", async () => {
    expect(existsSync(join(directory, product))).toBe(false);
    const { stdout, stderr } = await run(classify, here);
    expect(stdout).toContain("heart");
    expect(stderr).not.toContain("FlavaWarning");
    expect(await succeed(`${program} inspect --machine`, here)).toContain(`the package ${name}`);
    const doctor = JSON.parse(await succeed(`${program} doctor --json`, here)) as object[];
    expect(doctor).toContainEqual(
      expect.objectContaining({ check: "kernels", found: expect.stringContaining(name) as string }),
    );
    const skipped = await succeed("node node_modules/flava/native/build.mjs --optional", here);
    expect(skipped).toContain(`compiled kernels of ${name} are used`);
  });

  it("of another version is refused with the command that installs the right one", async () => {
    const path = join(directory, "node_modules", name, "package.json");
    const text = readFileSync(path, "utf8");
    writeFileSync(path, text.replace(manifest.version, "0.0.9"));
    const { stdout, stderr } = await run(classify, here);
    writeFileSync(path, text);
    expect(stdout).toContain("heart"); // in WebAssembly
    expect(stderr).toContain(`npm install ${name}@${manifest.version}`);
  });

  it("that cannot be loaded leaves the kernels in WebAssembly", async () => {
    const path = join(directory, "node_modules", name, "flava.node");
    rmSync(path);
    writeFileSync(path, "of another system");
    const { stdout, stderr } = await run(classify, here);
    expect(stdout).toContain("heart");
    const warnings = stderr.split("\n").filter((line) => line.includes("FlavaWarning"));
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toContain("cannot be loaded");
  });
});

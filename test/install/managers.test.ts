/** Package managers that do not run the install scripts of dependencies. */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import { type RunOptions, copyObjects, newProject, product, run, succeed } from "./project.js";

const workspace = inject("workspace");
const tarball = inject("tarball");
const tools = newProject(workspace, "tools", { allowScripts: { bun: true, pnpm: true } });
const platform = `node-${process.platform}-${process.arch}`;

beforeAll(async () => {
  const packages = ["npm@12.2.2", "pnpm@12.21.0", "bun@1.4.5", `${platform}@22.23.3`].join(" ");
  // npm 12 may require a newer Node than the one running this test.
  await succeed(`npm install --no-engine-strict ${packages}`, { directory: tools });
});

describe.runIf(inject("compiles")).each([
  {
    name: "npm 12",
    install: `npm install "${tarball}"`,
    approve: "npm install-scripts approve flava && npm rebuild flava",
  },
  {
    name: "pnpm",
    install: `pnpm add "${tarball}" || true`, // fails as long as scripts are not approved
    approve: "pnpm approve-builds --all",
  },
  { name: "bun", install: `bun add "${tarball}"`, approve: "bun pm trust flava" },
])("$name", ({ name, install, approve }) => {
  const directory = newProject(workspace, name.replace(" ", "-"));
  const modules = join(tools, "node_modules");
  const options: RunOptions = {
    directory,
    path: [join(modules, platform, "bin"), join(modules, ".bin")],
  };
  const bundle = join(directory, "app.mjs");

  beforeAll(async () => {
    const esbuild = `npx esbuild app.ts --bundle --platform=node --format=esm --external:flava`;
    await succeed(`${esbuild} --outfile="${bundle}"`, { directory: inject("dependent") });
    await succeed(install, options);
  });

  it("installs without building, and the first use warns in one line, naming the command", async () => {
    const { stdout, stderr } = await run("node app.mjs", options);
    expect(stdout).toBe("wasm heart\n");
    const warnings = stderr.split("\n").filter((line) => line.includes("FlavaWarning"));
    expect(warnings).toHaveLength(1);
    copyObjects(
      join(inject("dependent"), "node_modules", "flava"),
      join(directory, "node_modules", "flava"),
    );
    const command = /run: (.*)$/.exec(warnings[0]!)?.[1] ?? "";
    await succeed(command, options);
    expect(await succeed("node app.mjs", options)).toBe("native heart\n");
  });

  it("warns about kernels that cannot be loaded", async () => {
    mkdirSync(dirname(join(directory, product)), { recursive: true });
    writeFileSync(join(directory, product), "built elsewhere");
    const { stdout, stderr } = await run("node app.mjs", options);
    expect(stdout).toBe("wasm heart\n");
    expect(stderr).toMatch(/FlavaWarning: .*cannot be loaded.* run: node ".*build\.mjs"/);
  });

  it(`builds by ${approve}`, async () => {
    rmSync(join(directory, product));
    await succeed(approve, options);
    expect(existsSync(join(directory, product))).toBe(true);
  });
});

import { copyFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, inject, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };
import { newProject, product, root, run, succeed } from "./project.js";

const directory = inject("dependent");
const here = { directory };
const compiles = inject("compiles");
const answer = compiles ? "native heart\n" : "wasm heart\n";

it("compiles the kernels during installation", () => {
  expect(existsSync(join(directory, product))).toBe(compiles);
});

describe("types", () => {
  it.each([
    ["nodenext", "--module nodenext"],
    ["bundler", "--module esnext --moduleResolution bundler"],
  ])("resolve and are strict with %s", async (_, resolution) => {
    const strict = "--strict --exactOptionalPropertyTypes --skipLibCheck false --types node";
    await succeed(`npx tsc --noEmit --target es2023 ${strict} ${resolution} app.ts`, here);
    const declared = "--declaration --outDir out/types library.ts"; // fails for a type that cannot be imported
    await succeed(`npx tsc --target es2023 ${strict} ${resolution} ${declared}`, here);
  });
});

// The snippets are those of the documentation.
const page = readFileSync(join(root, "docs", "installation.md"), "utf8");

describe("a bundle by esbuild", () => {
  const commands = [...page.matchAll(/^npx esbuild .* --outfile=(\S+)$/gm)];

  it.each(commands.map(([command, output]) => [output!, command]))(
    "%s runs",
    async (output, command) => {
      await succeed(command, here);
      expect(await succeed(`node ${output}`, here)).toBe(answer);
    },
  );

  it("of four kinds is documented", () => expect(commands).toHaveLength(4));

  it("reports that the package is not installed", async () => {
    const elsewhere = newProject(inject("workspace"), "elsewhere");
    await succeed(`npm install sharp@${manifest.dependencies.sharp}`, { directory: elsewhere });
    for (const name of ["inlined.mjs", "inlined.cjs"]) {
      copyFileSync(join(directory, "out", name), join(elsewhere, name));
      const { code, stderr } = await run(`node ${name}`, { directory: elsewhere });
      expect(code).toBe(1);
      expect(stderr).toContain("--external:flava");
    }
  });
});

describe("a bundle by Vite", () => {
  const config = /^\/\/ vite\.config\.js\n[^`]*/m.exec(page)?.[0] ?? "";

  it.each([
    ["es", "external"],
    ["cjs", "external"],
    ["es", "inlined"],
    ["cjs", "inlined"],
  ])("in format %s with flava %s runs", async (format, kind) => {
    const inlining = kind === "inlined" ? '\n  ssr: { noExternal: ["flava"] },' : "";
    const edited = config
      .replace('format: "es"', `format: "${format}"`)
      .replace("defineConfig({", `$&${inlining}`);
    writeFileSync(join(directory, "vite.config.js"), edited);
    await succeed("npx vite build", here);
    const bundle = join("out", format === "es" ? "app.js" : "app.cjs");
    const inlined = readFileSync(join(directory, bundle), "utf8").includes("FlavaWarning");
    expect(inlined).toBe(kind === "inlined");
    expect(await succeed(`node ${bundle}`, here)).toBe(answer);
  });
});

describe("Node, with kernels compiled under another version,", () => {
  const versions = ["20.16.0", "22.3.0", "22.23.3", "24.22.3"];
  const platform = `node-${process.platform}-${process.arch}`;
  const tools = join(inject("workspace"), "versions");

  beforeAll(async () => {
    mkdirSync(tools);
    writeFileSync(join(tools, "package.json"), "{}");
    const packages = versions.map((version) => `node-${version}@npm:${platform}@${version}`);
    await succeed(`npm install ${packages.join(" ")}`, { directory: tools });
    await succeed(
      "npx esbuild app.ts --bundle --platform=node --format=esm --external:flava --outfile=out/app.mjs",
      here,
    );
  });

  it.each(versions)("%s runs", async (version) => {
    const node = join(tools, "node_modules", `node-${version}`, "bin", "node");
    expect(await succeed(`"${node}" --version`, here)).toBe(`v${version}\n`);
    expect(await succeed(`"${node}" out/app.mjs`, here)).toBe(answer);
  });
});

/** What npm does in a clone of this repository without development dependencies or without scripts. */
import { cpSync, existsSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, expect, inject, it } from "vitest";
import { copyObjects, newProject, root, run, succeed } from "./project.js";

/** A copy of the files of this repository, without build outputs and installed packages. */
function clone(name: string): string {
  const directory = newProject(inject("workspace"), name);
  const built = /^(node_modules|dist|build|coverage|\.git)$/;
  cpSync(root, directory, {
    recursive: true,
    filter: (path) => !built.test(relative(root, path)),
  });
  copyObjects(join(inject("dependent"), "node_modules", "flava"), directory);
  return directory;
}

describe("a clone", () => {
  it("without development dependencies names the command that installs them, and keeps an existing build", async () => {
    const production = { directory: clone("production"), env: { NODE_ENV: "production" } };
    const failed = await run("npm ci", production);
    expect(failed.code).toBe(1);
    const [, command] = /Run: (npm ci .*)$/m.exec(failed.stderr) ?? [];
    await succeed(command!, production);
    const program = "node dist/src/cli/main.js classify heart.svg --labels calendar,heart";
    expect(await succeed(program, production)).toContain("heart");
    await succeed("npm ci", production);
    expect(await succeed(program, production)).toContain("heart");
  });

  it.runIf(inject("compiles"))(
    "without scripts is built by npm run build and npm run build:native",
    async () => {
      const here = { directory: clone("without-scripts") };
      await succeed("npm ci --ignore-scripts", here);
      expect(existsSync(join(here.directory, "dist"))).toBe(false);
      await succeed("npm run build && npm run build:native", here);
      const program = "node dist/src/cli/main.js classify heart.svg --labels calendar,heart";
      const { stdout, stderr } = await run(program, here);
      expect(stdout).toContain("heart");
      expect(stderr).not.toContain("FlavaWarning");
    },
  );
});

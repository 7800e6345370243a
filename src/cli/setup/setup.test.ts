/** The verbs on this installation itself. */
import { execFileSync } from "node:child_process";
import { Command } from "commander";
import { afterEach, describe, expect, it, vi } from "vitest";
import { verbs } from "../verbs.js";
import { addCompletion } from "./completion.js";
import { addDoctor } from "./doctor.js";

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
  process.exitCode = undefined;
});

/** What a verb prints. */
async function run(...words: string[]): Promise<string> {
  const lines: string[] = [];
  vi.spyOn(console, "log").mockImplementation((text: string) => lines.push(text));
  const program = new Command().exitOverride();
  addDoctor(program);
  addCompletion(program, verbs);
  await program.parseAsync(words, { from: "user" });
  return lines.join("\n");
}

/** What bash offers after `words`, the last of which is incomplete. */
function offered(script: string, ...words: string[]): string[] {
  const set = `COMP_WORDS=(flava ${words.map((word) => `'${word}'`).join(" ")}); COMP_CWORD=${words.length}`;
  const output = execFileSync("bash", ["-c", `${script}\n${set}\n_flava\necho "\${COMPREPLY[@]}"`]);
  return output.toString().trim().split(" ");
}

describe("flava completion", () => {
  it("offers verbs, verbs of verbs, options and their values in bash", async () => {
    const script = await run("completion", "bash");
    expect(offered(script, "cl")).toEqual(["classify"]);
    expect(offered(script, "")).toEqual([...Object.keys(verbs), "help", "--version", "--help"]);
    expect(offered(script, "data", "sh")).toEqual(["shards"]);
    expect(offered(script, "data", "shards", "--vali")).toEqual(["--validation"]);
    expect(offered(script, "match", "a.png", "--prec")).toEqual(["--precision"]);
    expect(offered(script, "match", "--precision", "int8-")).toEqual(["int8-weights"]);
    expect(offered(script, "inspect", "package.js")).toEqual(["package.json"]);
  });

  it("has the same for zsh and fish", async () => {
    const [zsh, fish] = [await run("completion", "zsh"), await run("completion", "fish")];
    for (const verb of Object.keys(verbs)) {
      expect(zsh).toContain(`"${verb} "*)`);
      expect(fish).toContain(` -a ${verb} -d '`);
    }
    expect(fish).toContain(
      `-l precision -d 'precision of the computation' -x -a "float32 bfloat16`,
    );
  });
});

describe("flava doctor", () => {
  it("finds an installation that works, and says what slows it down", async () => {
    vi.stubEnv("FLAVA_BACKEND", "reference");
    const findings = JSON.parse(await run("doctor", "--json", "--model", "nowhere")) as {
      readonly check: string;
      readonly state: string;
      readonly remedy?: string;
    }[];
    const found = Object.fromEntries(findings.map((finding) => [finding.check, finding]));
    expect(Object.keys(found)).toEqual(["Node", "compiler", "kernels", "load", "cache", "model"]);
    expect(found.Node!.state).toBe("fine");
    expect(found.kernels).toMatchObject({
      state: "slow",
      remedy: expect.stringContaining("unset FLAVA_BACKEND") as string,
    });
    expect(found.model).toMatchObject({
      state: "broken",
      found: expect.stringContaining("nowhere") as string,
    });
    expect(process.exitCode).toBe(1);
  });

  it("names a cache that cannot be written", async () => {
    vi.stubEnv("FLAVA_BACKEND", "reference");
    vi.stubEnv("FLAVA_CACHE", "package.json/below");
    const text = await run("doctor", "--model", "nowhere");
    expect(text).toMatch(/^x cache +package.json\/below cannot be written: .*\n +Set FLAVA_CACHE/m);
  });
});

// Tries a package with compiled kernels as a user of its platform has it: npm installs it beside flava as it would there, and the
// model that ships computes at every level in a Node for that platform. The vectors must be those of this machine.
//
//   node scripts/platform-packages.mjs OUT flava-linux-arm64
//   node scripts/try-platform-package.mjs OUT flava-linux-arm64 COMMAND ...   COMMAND runs that Node, under an emulator for instance
//
// native/arm-package.sh does both for arm64. Needs dist/ (npm run build).

import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import { load } from "../dist/src/index.js";

/** Differences of vectors of length 1 that rounding may make. */
const allowed = { float32: 1e-5, bfloat16: 1e-2 };

/** A program of a user, which prints vectors by precision. */
const program = `
  import { load } from "flava";
  const vectors = {};
  for (const precision of ${JSON.stringify(Object.keys(allowed))}) {
    const flava = await load(undefined, { precision, backend: { name: "native" } });
    vectors[precision] = await (${embed})(flava);
    await flava.close();
  }
  console.log(JSON.stringify(vectors));
`;

async function embed(flava) {
  const pixels = Uint8Array.from({ length: 3 * 40 * 30 }, (_, i) => (i * 37) % 251);
  const image = await flava.embedImages({ width: 40, height: 30, pixels });
  return [...image, ...(await flava.embedTexts("a photo of a small red heart"))];
}

/** Runs a program; its output. Ends with its message if it fails. */
function run(command, parameters, { cwd, env }) {
  const options = { cwd, encoding: "utf8", env: { ...process.env, ...env } };
  const { status, stdout, stderr, error } = spawnSync(command, parameters, options);
  if (status === 0) return stdout;
  throw new Error(`${[command, ...parameters].join(" ")}: ${stderr}${error ?? ""}`);
}

/** Installs flava and, as an optional dependency, the package `name` in a project, as npm does on its platform. */
function install(project, out, name) {
  const here = { cwd: project };
  const pack = (path) => `file:./${run("npm", ["pack", "--silent", path], here).trim()}`;
  const dependencies = { flava: pack(join(out, "flava")) };
  const optionalDependencies = { [name]: pack(join(out, name)) };
  const manifest = { type: "module", dependencies, optionalDependencies };
  writeFileSync(join(project, "package.json"), JSON.stringify(manifest));
  const { os, cpu, libc } = JSON.parse(readFileSync(join(out, name, "package.json"), "utf8"));
  const platform = [`--os=${os[0]}`, `--cpu=${cpu[0]}`, ...(libc ? [`--libc=${libc[0]}`] : [])];
  run("npm", ["install", "--ignore-scripts", "--no-audit", ...platform], here);
}

async function tryPackage(out, name, [command, ...rest], project) {
  const env = {
    FLAVA_CACHE: join(project, "cache"),
    FLAVA_BACKEND: undefined,
    FLAVA_LEVEL: undefined,
  };
  install(project, out, name);
  writeFileSync(join(project, "embed.js"), program);
  const node = (parameters, more = {}) =>
    run(command, [...rest, ...parameters], { cwd: project, env: { ...env, ...more } });
  const cli = join("node_modules", "flava", "dist", "src", "cli", "main.js");
  const { kernels, levels } = JSON.parse(node([cli, "inspect", "--machine", "--json"]));
  if (kernels !== name) throw new Error(`The kernels in use are of ${kernels}, not of ${name}.`);
  const flava = await load();
  const expected = await embed(flava);
  await flava.close();
  for (const level of Object.keys(levels)) {
    const vectors = JSON.parse(node(["embed.js"], { FLAVA_LEVEL: level }));
    for (const [precision, limit] of Object.entries(allowed)) {
      const differences = vectors[precision].map((value, i) => Math.abs(value - expected[i]));
      const largest = Math.max(...differences);
      console.log(`${level}, ${precision}: vectors differ by ${largest.toExponential(1)} at most`);
      if (!(largest <= limit)) throw new Error(`That is more than ${limit}.`);
    }
  }
}

const [out, name, ...command] = process.argv.slice(2);
if (command.length === 0) {
  console.error(`usage: node scripts/${basename(import.meta.filename)} OUT NAME COMMAND ...`);
  process.exit(2);
}
const project = mkdtempSync(join(tmpdir(), "flava-try-"));
try {
  await tryPackage(resolve(out), name, command, project);
  console.log(`flava: ${name} loads and computes`);
} catch (error) {
  console.error(`flava: ${error.message}`);
  process.exitCode = 1;
} finally {
  rmSync(project, { recursive: true });
}

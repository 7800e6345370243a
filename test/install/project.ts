/** Projects in a temporary folder that depend on the packed package, and commands that run in them. */
import { execFile } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import manifest from "../../package.json" with { type: "json" };

/** The root of this repository. */
export const root = join(import.meta.dirname, "../..");

/** How a command ended. `code` is -1 if it could not be started. */
export interface Outcome {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

export interface RunOptions {
  readonly directory: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Folders of programs to put first in the PATH. */
  readonly path?: readonly string[];
}

/** Runs a shell command without the variables that npm, Vitest and CI add to the environment. */
export function run(command: string, { directory, env, path = [] }: RunOptions): Promise<Outcome> {
  const foreign = /^(FLAVA_|VITEST|NODE_ENV$|npm_(?!config_(registry|cafile|cache)$))/;
  const inherited = Object.entries(process.env).filter(([name]) => !foreign.test(name));
  const programs = [...path, process.env.PATH].join(delimiter);
  const options = {
    cwd: directory,
    env: { ...Object.fromEntries(inherited), PATH: programs, ...env },
    maxBuffer: 2 ** 26,
  };
  return new Promise((resolve) => {
    execFile("/bin/sh", ["-c", command], options, (error, stdout, stderr) => {
      const code = typeof error?.code === "number" ? error.code : error ? -1 : 0;
      resolve({ code, stdout, stderr });
    });
  });
}

/** As `run`, but throws with all output if the command fails. Resolves to its stdout. */
export async function succeed(command: string, options: RunOptions): Promise<string> {
  const { code, stdout, stderr } = await run(command, options);
  if (code === 0) return stdout;
  throw new Error(`"${command}" ended with code ${code}:\n${stdout}\n${stderr}`);
}

const entryPoints = Object.keys(manifest.exports)
  .filter((path) => /^\.\/[\w-]+$/.test(path))
  .map((path) => path.slice("./".length));
const nameOf = (entryPoint: string): string => `${entryPoint.replaceAll("-", "_")}Exports`;

/** A program that uses every entry point of the package; it prints the backend's name and the label of a drawn heart. */
const app = `import { type Classification, load } from "flava";
${entryPoints.map((path) => `import * as ${nameOf(path)} from "flava/${path}";`).join("\n")}

async function main(): Promise<void> {
  const entryPoints = { ${entryPoints.map(nameOf).join(", ")} };
  for (const [name, exports] of Object.entries(entryPoints)) {
    if (Object.keys(exports).length === 0) throw new Error(\`\${name} is empty\`);
  }
  const flava = await load();
  const labels: Classification[] = await flava.classify("heart.svg", ["calendar", "camera", "heart"]);
  console.log(flava.model.backend.name, labels[0]?.label);
  await flava.close();
}
void main();
`;

/** A library whose types are inferred from the package's, so that its declarations have to name them. */
const library = `import { load } from "flava";
import * as browser from "flava/browser";
import { train } from "flava/browser-training";
import { fittedProcessor, openPairLoader, openSource } from "flava/data";
import { State, compile, openBackend, spec } from "flava/engine";
import { evaluate, openEvaluationSet } from "flava/eval";
import { flavaParameters, models, openCheckpoint } from "flava/model";
import { add } from "flava/ops";
import { openIndex } from "flava/search";
import { createServer } from "flava/serve";
import { optimizerState } from "flava/train";

export const flava = await load();
export const { model, embedder, predictor } = flava;
export const inBrowser = () => browser.load("/");
export const trained = (...given: Parameters<typeof train>) => train(...given);
export const source = await openSource("images");
export const loader = await openPairLoader("pairs", { batch: 1, length: 8, processor: fittedProcessor(models.tiny) });
export const next = await loader.next();
export const state = new State(openBackend(), optimizerState({ flava: flavaParameters(models.tiny) }));
export const program = compile({ state, inputs: { x: spec([1]) } }, (_, { x }) => ({ outputs: { y: add(x, 1) } }));
export const evaluation = await evaluate(await openEvaluationSet("set"), flava);
export const checkpoint = await openCheckpoint("model");
export const index = await openIndex("index", flava);
export const server = await createServer({ models: {} });
`;

const heart = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="224" height="224">
<rect width="24" height="24" fill="white"/><path d="M12 21 3 12a5.5 5.5 0 0 1 9-6 5.5 5.5 0 0 1 9 6z"/></svg>
`;

/** Makes a new, empty ES module project that holds app.ts and library.ts. */
export function newProject(workspace: string, name: string, manifest: object = {}): string {
  const directory = mkdtempSync(join(workspace, `${name}-`));
  const whole = { name, private: true, type: "module", ...manifest };
  writeFileSync(join(directory, "package.json"), JSON.stringify(whole, undefined, 2));
  writeFileSync(join(directory, "app.ts"), app);
  writeFileSync(join(directory, "library.ts"), library);
  writeFileSync(join(directory, "heart.svg"), heart);
  return directory;
}

/** The installed package's compiled kernels. */
export const product = "node_modules/flava/build/native/flava.node";

/** Gives a package the object files of another installation, so that a build only has to link them. */
export function copyObjects(fromPackage: string, toPackage: string): void {
  const objects = join("build", "native");
  mkdirSync(join(toPackage, objects), { recursive: true });
  cpSync(join(fromPackage, objects), join(toPackage, objects), {
    recursive: true,
    filter: (path) => !path.endsWith(".node"),
  });
}

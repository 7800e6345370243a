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
  .filter((path) => /^\.\/\w+$/.test(path))
  .map((path) => path.slice("./".length));

/** A program that uses every entry point of the package; it prints the backend's name and the label of a drawn heart. */
const app = `import { type Classification, load } from "flava";
${entryPoints.map((name) => `import * as ${name}Exports from "flava/${name}";`).join("\n")}

async function main(): Promise<void> {
  const entryPoints = { ${entryPoints.map((name) => `${name}Exports`).join(", ")} };
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
const heart = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="224" height="224">
<rect width="24" height="24" fill="white"/><path d="M12 21 3 12a5.5 5.5 0 0 1 9-6 5.5 5.5 0 0 1 9 6z"/></svg>
`;

/** Makes a new, empty ES module project that holds app.ts. */
export function newProject(workspace: string, name: string, manifest: object = {}): string {
  const directory = mkdtempSync(join(workspace, `${name}-`));
  const whole = { name, private: true, type: "module", ...manifest };
  writeFileSync(join(directory, "package.json"), JSON.stringify(whole, undefined, 2));
  writeFileSync(join(directory, "app.ts"), app);
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

/** Training by several processes, started by the MPI launchers that are installed here. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { nativeLevels } from "../src/backend/native.js";
import { type MpiLibrary, mpiLibraries } from "../src/parallel/launcher.js";
import { lostExitCode } from "../src/cli/training/restarts.js";
import { program } from "./build.js";
import { shapesRecipe, writeShapes } from "./shapes.js";

const root = join(import.meta.dirname, "..");

/** Why runs cannot be started by the launcher of this library; undefined if they can. */
function whyNot(library: MpiLibrary): string | undefined {
  if (nativeLevels().length === 0) return "the native kernels were not built";
  const { status } = spawnSync(`mpirun.${library}`, ["--version"]);
  if (status !== 0) return `there is no mpirun.${library}`;
  const builder = join(root, "native", "build-mpi.mjs");
  if (!existsSync(join(root, "build", "mpi", `${library}.so`))) spawnSync("node", [builder]);
  if (existsSync(join(root, "build", "mpi", `${library}.so`))) return undefined;
  return `native/build-mpi.mjs found no compiler of ${library}`;
}

const reasons = new Map(mpiLibraries.map((library) => [library, whyNot(library)]));
const missing = [...reasons.values()].filter((reason) => reason !== undefined);
if (missing.length > 0) console.log(`Skipped tests of several processes: ${missing.join("; ")}.`);

const steps = 8;
let folder = "";
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "flava-mpi-"));
  await writeShapes(join(folder, "data"));
  const recipe = { ...shapesRecipe(join(folder, "data"), { steps }), shards: 4 };
  await writeFile(join(folder, "recipe.json"), JSON.stringify(recipe));
  await finished(flava("alone"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const parameters = (out: string, ...more: readonly string[]): string[] => [
  ...[program, "pretrain", join(folder, "recipe.json"), "--out", join(folder, out)],
  ...["--workers", "0", ...more],
];

/** Trains in one process. */
const flava = (out: string): ChildProcess => spawn(process.execPath, parameters(out));

/** Trains in several processes, with one compute thread each. */
function launch(
  library: MpiLibrary,
  size: number,
  out: string,
  ...more: readonly string[]
): ChildProcess {
  const options = library === "openmpi" ? "--allow-run-as-root --oversubscribe" : "";
  const launcher = `mpirun.${library} ${options} -n ${size}`;
  return spawn(process.execPath, parameters(out, "--launch", launcher, ...more), {
    env: { ...process.env, FLAVA_THREADS: "1" },
  });
}

interface Outcome {
  readonly code: number | null;
  readonly output: string;
}

/** Waits for the end of a run. `onStep` are called once each, when the log tells of these steps of the joint stage. */
function finished(
  run: ChildProcess,
  onStep: Readonly<Record<number, () => void>> = {},
): Promise<Outcome> {
  let output = "";
  const left = new Map(Object.entries(onStep));
  const add = (chunk: Buffer): void => {
    output += chunk.toString();
    for (const [step, call] of left) {
      if (!new RegExp(`^${step}/${steps} .*(itm|mim|mlm) `, "m").test(output)) continue;
      left.delete(step);
      call();
    }
  };
  run.stdout?.on("data", add);
  run.stderr?.on("data", add);
  return new Promise((resolve, reject) => {
    run.on("error", reject);
    run.on("close", (code) => resolve({ code, output }));
  });
}

/** Sends a signal to the process of a rank. */
async function signal(name: NodeJS.Signals, rank: number, out: string): Promise<void> {
  for (const pid of await readdir("/proc")) {
    const [command = "", environment = ""] = await Promise.all(
      ["cmdline", "environ"].map((file) =>
        readFile(join("/proc", pid, file), "utf8").catch(() => ""),
      ),
    );
    if (!command.startsWith(process.execPath) || !command.includes(join(folder, out))) continue;
    const ranks = [`OMPI_COMM_WORLD_RANK=${rank}`, `PMI_RANK=${rank}`];
    if (environment.split("\0").some((each) => ranks.includes(each))) {
      process.kill(Number(pid), name);
    }
  }
}

/** A hash of the weights and moments after the last step. */
async function stateOf(out: string): Promise<string> {
  const last = join("joint", "checkpoints", String(steps).padStart(7, "0"));
  const bytes = await readFile(join(folder, out, last, "state.safetensors"));
  return createHash("sha256").update(bytes).digest("hex");
}

/** Spares a run its first stage: that processes train it alike is shown by shared-runs.test.ts. */
const startedFromCodebook = (out: string): Promise<void> =>
  cp(join(folder, "alone", "codebook"), join(folder, out, "codebook"), { recursive: true });

const ready = (library: MpiLibrary): boolean => reasons.get(library) === undefined;

describe.runIf(ready("openmpi"))("processes started by Open MPI", { timeout: 180_000 }, () => {
  it("end with the weights of one; when one is lost the run starts again, or others continue it", async () => {
    const out = "openmpi";
    await startedFromCodebook(out);
    const restarting = launch("openmpi", 4, out, "--restarts", "1", "--timeout", "5");
    const lost = await finished(restarting, {
      3: () => void signal("SIGKILL", 2, out),
      5: () => void signal("SIGSTOP", 1, out),
    });
    expect(lost.output).toMatch(/process rank 2 .*exited on signal 9.*it is started again/s);
    expect(lost.output).toMatch(
      /process [023] on \S+: Step \d+ was not finished: process 1 on \S+ has not answered for 5 seconds\. The checkpoint of step \d is intact\./,
    );
    expect(lost.code).toBe(lostExitCode);

    // Checkpoints of divided weights and moments are those of any number of processes.
    const fewer = await finished(launch("openmpi", 2, out, "--zero", "3"), {
      7: () => void signal("SIGKILL", 1, out),
    });
    expect(fewer.code).not.toBe(0);
    const { code, output } = await finished(flava(out));
    expect(code, output).toBe(0);
    expect(output).toContain("Continuing after step");
    expect(await stateOf(out)).toBe(await stateOf("alone"));
  });

  it("refuse to train by different recipes, or on different data", async () => {
    const command = [process.execPath, ...parameters("different")];
    const other = join(folder, "other");
    await cp(join(folder, "data"), other, { recursive: true });
    const pairs = join(other, "pairs", "shapes", "train");
    const shard = join(
      pairs,
      (await readdir(pairs)).find((name) => name.endsWith(".tar"))!,
    );
    await writeFile(
      shard,
      (await readFile(shard, "latin1")).replace("red circle", "red sphere"),
      "latin1",
    );
    const started = spawn("mpirun.openmpi", [
      ...["--allow-run-as-root", "--oversubscribe", "-n", "1", ...command],
      ...[":", "-n", "1", ...command, "--set", `data.root=${other}`],
    ]);
    const { code, output } = await finished(started);
    expect(code).not.toBe(0);
    expect(output).toMatch(/Process 1 on \S+ differs from process 0 on \S+ in: data, recipe\./);
  });
});

describe.runIf(ready("mpich"))("processes started by MPICH", () => {
  it("end with the weights of one, also if they divide the moments", async () => {
    await startedFromCodebook("mpich");
    const { code, output } = await finished(launch("mpich", 2, "mpich", "--zero", "1"));
    expect(code, output).toBe(0);
    expect(await stateOf("mpich")).toBe(await stateOf("alone"));
  });
});

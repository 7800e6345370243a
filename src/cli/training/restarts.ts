/** Runs in processes of their own, which are started again when one of them was killed or lost. */
import { spawn } from "node:child_process";
import { Option } from "commander";
import { counted } from "../../base/counted.js";
import { wholeNumber } from "../whole-number.js";

export interface RestartFlags {
  readonly launch?: string;
  readonly restarts?: number;
}

export const launchOption = (): Option =>
  new Option("--launch <command>", 'start the run by this launcher, such as "mpirun -n 4"');

export const restartsOption = (): Option =>
  new Option(
    "--restarts <n>",
    "start the run again up to n times when one of its processes was killed or lost, not when it fails by itself",
  ).argParser(wholeNumber);

/** The exit code of a run that has lost a process: that of sysexits.h for what may succeed if it is tried again. */
export const lostExitCode = 75;
/** Exit codes of runs that have finished, failed by themselves, were given wrong options, or were stopped. */
const final: readonly (number | null)[] = [0, 1, 2, 130];

/**
 * Runs this command without these options, by the launcher if one is given, again and again while processes are lost.
 * @returns its exit code
 */
export async function runRestarting({ launch = "", restarts = 0 }: RestartFlags): Promise<number> {
  const [node, main, ...words] = process.argv;
  const command = [
    node!,
    ...process.execArgv,
    main!,
    ...without(words, ["--launch", "--restarts"]),
  ];
  const [program = "", ...parameters] = [...launch.split(/\s+/).filter(Boolean), ...command];
  for (let left = restarts; ; left--) {
    const { code, signal } = await ended(program, parameters);
    if (final.includes(code)) return code!;
    const how = signal ? `was ended by ${signal}` : `ended with code ${code}`;
    if (left === 0) {
      console.error(`flava: The run ${how}. The same command continues it.`);
      return code ?? lostExitCode;
    }
    console.error(
      `flava: The run ${how}; it is started again, after which ${counted(left - 1, "restart is", "restarts are")} left.`,
    );
  }
}

function ended(
  program: string,
  parameters: readonly string[],
): Promise<{ readonly code: number | null; readonly signal: NodeJS.Signals | null }> {
  const child = spawn(program, parameters, { stdio: "inherit" });
  // A terminal sends Ctrl-C to the run as well, which saves and stops; others send a signal to this process alone.
  const ignore = (): void => undefined;
  const forward = (): void => {
    child.kill("SIGTERM");
  };
  process.on("SIGINT", ignore).on("SIGTERM", forward);
  return new Promise((resolve, reject) => {
    child.on("error", (error) => {
      reject(new Error(`${program} cannot be started: ${error.message}`));
    });
    child.on("close", (code, signal) => {
      process.off("SIGINT", ignore).off("SIGTERM", forward);
      resolve({ code, signal });
    });
  });
}

/** Words of a command line without these options and their values. */
function without(words: readonly string[], options: readonly string[]): string[] {
  return words.filter((word, index) => {
    const isValue = options.includes(words[index - 1] ?? "");
    return !isValue && !options.includes(word.split("=")[0]!);
  });
}

/** Options that are given twice: the later value would replace the earlier one, and nobody would learn of it. */
import { type Command, InvalidArgumentError } from "commander";

/** Refuses two values of an option of `command`, or of a command below it, that holds one. */
export function refuseGivenTwice(command: Command): void {
  for (const each of command.commands) refuseGivenTwice(each);
  for (const option of command.options) {
    let earlier: string | undefined;
    command.on(`option:${option.name()}`, (value?: string) => {
      if (value === undefined) return; // of an option without values
      const keepsAll = Array.isArray(command.getOptionValue(option.attributeName()));
      if (earlier !== undefined && value !== earlier && !keepsAll)
        command.error(
          `error: option '${option.flags}' is given twice, '${earlier}' and '${value}', and takes one value`,
          { exitCode: 2 },
        );
      earlier = value;
    });
  }
}

/** Reads a value of --set, which may be repeated: no setting may have two values. */
export function change(value: string, earlier: readonly string[] = []): string[] {
  const pathOf = (given: string): string => given.slice(0, given.indexOf("=") + 1);
  const other = earlier.find((given) => given !== value && pathOf(given) === pathOf(value));
  if (other !== undefined && pathOf(value) !== "")
    throw new InvalidArgumentError(`The setting has a value already: '${other}'.`);
  return [...earlier, value];
}

import type { Command } from "commander";

/**
 * Refuses options that the verb would ignore: nobody would learn that they had no part in the result.
 *
 * @param attributes names of options, as in the flags of the verb
 * @param reason follows the option's name in the message, such as "goes with --suite"
 */
export function refuseIgnored(
  command: Command,
  attributes: readonly string[],
  reason: string,
): void {
  const ignored = command.options.find((option) => {
    const name = option.attributeName();
    return attributes.includes(name) && command.getOptionValueSource(name) === "cli";
  });
  if (ignored) command.error(`error: ${ignored.long} ${reason}`, { exitCode: 2 });
}

/** `flava completion`: scripts that make shells complete its verbs and options. */
import { Argument, type Command } from "commander";
import type { Verb } from "../verb.js";
import { type CommandWords, type OptionWords, commandWords } from "./command-words.js";

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } as const;
type Shell = keyof typeof scripts;

/** @param verbs those to complete */
export function addCompletion(program: Command, verbs: Readonly<Record<string, Verb>>): void {
  program
    .command("completion")
    .description(
      'Prints a script that completes verbs and options. For bash: eval "$(flava completion bash)" in ~/.bashrc; for zsh: ' +
        'eval "$(flava completion zsh)" in ~/.zshrc, after compinit; for fish: flava completion fish > ' +
        "~/.config/fish/completions/flava.fish",
    )
    .addArgument(new Argument("<shell>", "the shell").choices(Object.keys(scripts)))
    .action(async (shell: Shell) => console.log(scripts[shell](await commandWords(verbs))));
}

/** All commands, those within others too. */
const flattened = (commands: readonly CommandWords[]): CommandWords[] =>
  commands.flatMap((command) => [command, ...flattened(command.commands)]);

const wordsIn = ({ options, commands }: CommandWords): string =>
  [
    ...commands.map(({ names }) => names.at(-1)!),
    ...options.map(({ flag }) => flag),
    "--help",
  ].join(" ");

/** A `case` over the words so far, which sets `candidates` to those that may follow. */
function cases(commands: readonly CommandWords[]): string {
  return flattened(commands)
    .reverse() // longer names first
    .map(
      (command) =>
        `    "${command.names.join(" ")}" | "${command.names.join(" ")} "*) candidates="${wordsIn(command)}" ;;`,
    )
    .join("\n");
}

/** A `case` over the option before the cursor, which sets `candidates` to its values. */
function choices(commands: readonly CommandWords[]): string {
  const known = new Map<string, OptionWords>();
  for (const { options } of flattened(commands)) {
    for (const option of options) if (option.choices.length > 0) known.set(option.flag, option);
  }
  return [...known.values()]
    .map(({ flag, choices: values }) => `    ${flag}) candidates="${values.join(" ")}" ;;`)
    .join("\n");
}

/** Sets `candidates` from `line`, the words so far, and `previous`, the last of them: the same in bash and zsh. */
const candidates = (commands: readonly CommandWords[]): string => `  case "$line" in
${cases(commands)}
    *) candidates="${verbsOf(commands)} help --version --help" ;;
  esac
  case "$previous" in
${choices(commands)}
  esac`;

const verbsOf = (commands: readonly CommandWords[]): string =>
  commands.map(({ names }) => names[0]).join(" ");

function bashScript(commands: readonly CommandWords[]): string {
  return `_flava() {
  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}"
  local line="\${COMP_WORDS[*]:1:COMP_CWORD-1}" candidates=""
${candidates(commands)}
  COMPREPLY=($(compgen -W "$candidates" -- "$current"))
  [ \${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "$current"))
}
complete -o filenames -F _flava flava`;
}

function zshScript(commands: readonly CommandWords[]): string {
  return `_flava() {
  local line="\${(j: :)words[2,CURRENT-1]}" previous="\${words[CURRENT-1]}"
  local candidates=""
${candidates(commands)}
  compadd -- \${=candidates}
  _files
}
compdef _flava flava`;
}

function fishScript(commands: readonly CommandWords[]): string {
  const quoted = (text: string): string => `'${text.replace(/['\\]/g, "\\$&")}'`;
  const verbs = commands.map(
    ({ names, summary }) =>
      `complete -c flava -n __fish_use_subcommand -a ${names[0]} -d ${quoted(summary)}`,
  );
  const inner = flattened(commands).flatMap(({ names, options, commands: below }) => {
    const seen = names.map((name) => `__fish_seen_subcommand_from ${name}`).join("; and ");
    return [
      ...below.map(
        ({ names: deep, summary }) =>
          `complete -c flava -n "${seen}" -a ${deep.at(-1)!} -d ${quoted(summary)}`,
      ),
      ...options.map(({ flag, description, takesValue, choices: values }) => {
        const value = takesValue
          ? values.length > 0
            ? ` -x -a "${values.join(" ")}"`
            : " -r"
          : "";
        return `complete -c flava -n "${seen}" -l ${flag.slice(2)} -d ${quoted(description)}${value}`;
      }),
    ];
  });
  return [...verbs, ...inner].join("\n");
}

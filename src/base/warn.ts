/** Emits a Node.js warning: one line on stderr, which a program can listen to. */
export function warn(message: string): void {
  process.emitWarning(message, "FlavaWarning");
}

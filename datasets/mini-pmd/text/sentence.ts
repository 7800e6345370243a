/** Words after which a full stop ends no sentence. */
const abbreviation =
  /(?:\b(?:Mr|Mrs|Ms|Dr|St|Messrs|Gen|Col|Capt|Gov|Sen|Rep|Hon|Prof|Rev|Jr|Sr|No|Nos|vs|etc|cf|e\.g|i\.e|Inc|Co|Ltd|Vol|Fig)|\b[A-Z])\.$/;

/** The sentences of a line of prose. */
export function sentences(line: string): string[] {
  const found: string[] = [];
  let current = "";
  for (const part of line.split(/(?<=[.!?]["'”’)]*)\s+(?=["'“‘(]*[A-Z0-9])/)) {
    current = current === "" ? part : `${current} ${part}`;
    if (abbreviation.test(part)) continue;
    found.push(current);
    current = "";
  }
  if (current !== "") found.push(current);
  return found;
}

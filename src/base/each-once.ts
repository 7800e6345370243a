/** @returns a function that passes a line on the first time that it is given it */
export function eachOnce(tell: (line: string) => void): (line: string) => void {
  const told = new Set<string>();
  return (line) => {
    if (told.has(line)) return;
    told.add(line);
    tell(line);
  };
}

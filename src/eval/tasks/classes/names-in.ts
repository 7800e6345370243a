/** The names in a list that is separated by semicolons and any space. */
export function namesIn(list: string): readonly string[] {
  return list.split(";").map((name) => name.trim());
}

/** Reads an option that may be repeated: its values in order. */
export const several = (value: string, earlier: readonly string[] | undefined): string[] => [
  ...(earlier ?? []),
  value,
];

/** Keeps what was used last, up to a total weight; what falls out is let go of. */
export class Recent<Key, Value> {
  readonly #entries = new Map<Key, { readonly value: Value; readonly weight: number }>(); // oldest first
  #total = 0;

  /** @param least how many entries stay in any case, even where they are too heavy */
  constructor(
    private readonly capacity: number,
    private readonly letGo: (value: Value) => void = () => undefined,
    private readonly least = 1,
  ) {}

  get(key: Key): Value | undefined {
    const entry = this.#entries.get(key);
    if (!entry) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry.value;
  }

  /** Adds an entry. */
  set(key: Key, value: Value, weight = 1): void {
    this.delete(key);
    this.#entries.set(key, { value, weight });
    this.#total += weight;
    for (const oldest of this.#entries.keys()) {
      if (this.#total <= this.capacity || this.#entries.size <= this.least) break;
      this.delete(oldest);
    }
  }

  delete(key: Key): void {
    const entry = this.#entries.get(key);
    if (!entry) return;
    this.#entries.delete(key);
    this.#total -= entry.weight;
    this.letGo(entry.value);
  }

  clear(): void {
    for (const key of [...this.#entries.keys()]) this.delete(key);
  }
}

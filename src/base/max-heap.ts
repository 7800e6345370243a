/** A queue that returns its greatest item first. */
export class MaxHeap<Item> {
  readonly #items: Item[] = [];

  /** @param compare positive where the first item is the greater one */
  constructor(private readonly compare: (a: Item, b: Item) => number) {}

  push(item: Item): void {
    const items = this.#items;
    let place = items.length;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      if (this.compare(item, items[parent]!) <= 0) break;
      items[place] = items[parent]!;
      place = parent;
    }
    items[place] = item;
  }

  /** Removes the greatest item; undefined where there is none. */
  pop(): Item | undefined {
    const items = this.#items;
    const [greatest] = items;
    const last = items.pop();
    if (last === undefined || items.length === 0) return greatest;
    let place = 0;
    for (;;) {
      let child = 2 * place + 1;
      if (child >= items.length) break;
      const right = child + 1;
      if (right < items.length && this.compare(items[right]!, items[child]!) > 0) child = right;
      if (this.compare(last, items[child]!) >= 0) break;
      items[place] = items[child]!;
      place = child;
    }
    items[place] = last;
    return greatest;
  }
}

/** Items that wait together: those of one request. */
export interface Waiting {
  /** Who is served in turn with others. */
  readonly client: string;
  /** Number of items. */
  readonly count: number;
}

/** The next item to serve: its request and its index in it. */
export interface Taken<Request> {
  readonly request: Request;
  readonly index: number;
}

interface Entry<Request> {
  readonly request: Request;
  next: number;
}

/**
 * Requests whose items are taken one at a time: from each client in turn, and from each of a client's requests in turn. So
 * neither a client with many requests nor a request with many items keeps others waiting.
 */
export class FairQueue<Request extends Waiting> {
  /** The clients in the order of their turns, each with its requests in the order of theirs. */
  readonly #clients = new Map<string, Entry<Request>[]>();

  get isEmpty(): boolean {
    return this.#clients.size === 0;
  }

  add(request: Request): void {
    if (request.count === 0) return;
    const entry = { request, next: 0 };
    const entries = this.#clients.get(request.client);
    if (entries) entries.push(entry);
    else this.#clients.set(request.client, [entry]);
  }

  take(): Taken<Request> | undefined {
    for (const [client, entries] of this.#clients) {
      const entry = entries.shift()!;
      const index = entry.next++;
      if (entry.next < entry.request.count) entries.push(entry);
      this.#clients.delete(client);
      if (entries.length > 0) this.#clients.set(client, entries); // now the last
      return { request: entry.request, index };
    }
    return undefined;
  }

  /** Removes what is left of a request. */
  remove(request: Request): void {
    const { client } = request;
    const left = this.#clients.get(client)?.filter((entry) => entry.request !== request);
    if (left?.length === 0) this.#clients.delete(client);
    else if (left) this.#clients.set(client, left);
  }
}

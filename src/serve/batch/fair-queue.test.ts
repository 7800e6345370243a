import { describe, expect, it } from "vitest";
import { FairQueue } from "./fair-queue.js";

const request = (client: string, name: string, count: number) => ({ client, name, count });

function order(queue: FairQueue<ReturnType<typeof request>>): string {
  const taken: string[] = [];
  for (let next = queue.take(); next; next = queue.take()) {
    taken.push(`${next.request.name}${next.index}`);
  }
  return taken.join(" ");
}

describe("a fair queue", () => {
  it("serves clients in turn, and the requests of a client in turn", () => {
    const queue = new FairQueue<ReturnType<typeof request>>();
    queue.add(request("first", "a", 4));
    queue.add(request("first", "b", 1));
    queue.add(request("second", "c", 2));
    expect(order(queue)).toBe("a0 c0 b0 c1 a1 a2 a3");
    expect(queue.isEmpty).toBe(true);
  });

  it("drops what is left of a request", () => {
    const queue = new FairQueue<ReturnType<typeof request>>();
    const long = request("first", "a", 100);
    queue.add(long);
    queue.add(request("second", "b", 1));
    expect(queue.take()).toEqual({ request: long, index: 0 });
    queue.remove(long);
    expect(order(queue)).toBe("b0");
    queue.remove(long);
    queue.add(request("first", "c", 0));
    expect(queue.isEmpty).toBe(true);
  });
});

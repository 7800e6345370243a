import { setTimeout as sleep } from "node:timers/promises";
import { describe, expect, it } from "vitest";
import { Lane, type LaneOptions } from "./lane.js";

type TestLane = Lane<string, string, string>;

/** A lane of texts, of which those of one length run together; "!" cannot be prepared, "?" cannot run. */
function laneOf(options: Partial<LaneOptions<string, string, string>> = {}): {
  readonly lane: TestLane;
  readonly batches: string[][];
} {
  const batches: string[][] = [];
  const lane = new Lane<string, string, string>({
    name: "test",
    ahead: 64,
    prepare: (text) => {
      if (text.includes("!")) throw new Error(`bad ${text}`);
      return text;
    },
    shapeOf: ({ length }) => length,
    tokensOf: ({ length }) => length,
    run: async (texts) => {
      batches.push([...texts]);
      await sleep(1);
      if (texts.some((text) => text.includes("?"))) throw new Error(`failed ${texts.join(" ")}`);
      return texts.map((text) => text.toUpperCase());
    },
    limits: { items: 8, tokens: 1000, wait: 1 },
    ...options,
  });
  return { lane, batches };
}

const call = (client = "a", signal: AbortSignal = new AbortController().signal) => ({
  client,
  signal,
});

describe("a lane", () => {
  it("runs what comes together in one batch for each shape, and gives each call its own", async () => {
    // Long enough for all to come together, also on a busy machine.
    const { lane, batches } = laneOf({ limits: { items: 8, tokens: 1000, wait: 100 } });
    const results = await Promise.all([
      lane.submit(["a", "bb", "c"], call()),
      lane.submit(["d", "ee"], call("b")),
      lane.submit(["f"], call("c")),
      lane.submit([], call("d")),
    ]);
    expect(results).toEqual([["A", "BB", "C"], ["D", "EE"], ["F"], []]);
    expect(batches.map((batch) => batch.length).sort()).toEqual([2, 4]);
  });

  it("splits what is larger than a batch: by inputs, and by tokens", async () => {
    const { lane, batches } = laneOf();
    const many = Array.from({ length: 21 }, (_, i) => String.fromCharCode(97 + i));
    expect(await lane.submit(many, call())).toEqual(many.map((text) => text.toUpperCase()));
    expect(batches.map(({ length }) => length)).toEqual([8, 8, 4, 1]);
    const narrow = laneOf({ limits: { items: 8, tokens: 5, wait: 0 } });
    await narrow.lane.submit(["aaaa", "bbbbbbbbb", "c", "d", "e"], call());
    for (const batch of narrow.batches) {
      expect(batch.length === 1 || batch.join("").length <= 5).toBe(true);
    }
  });

  it("fails only the calls whose inputs are bad", async () => {
    const { lane } = laneOf();
    const found = await Promise.allSettled([
      lane.submit(["a", "b"], call()),
      lane.submit(["c", "!"], call("b")),
      lane.submit(["?", "d"], call("c")),
      lane.submit(["e"], call("d")),
    ]);
    expect(found.map(({ status }) => status)).toEqual([
      ...["fulfilled", "rejected", "rejected", "fulfilled"],
    ]);
    expect(String((found[1] as PromiseRejectedResult).reason)).toBe("Error: bad !");
    expect(String((found[2] as PromiseRejectedResult).reason)).toBe("Error: failed ?");
  });

  it("drops calls whose client has gone", async () => {
    const { lane, batches } = laneOf({ limits: { items: 1, tokens: 1000, wait: 0 }, ahead: 1 });
    const gone = new AbortController();
    const first = lane.submit(["a"], call());
    const dropped = lane.submit(["b", "c", "d"], call("b", gone.signal));
    const last = lane.submit(["e"], call("c"));
    gone.abort(new Error("gone"));
    await expect(dropped).rejects.toThrow("gone");
    expect(await Promise.all([first, last])).toEqual([["A"], ["E"]]);
    expect(batches.flat()).toEqual(["a", "e"]);
    await expect(lane.submit(["f"], call("b", gone.signal))).rejects.toThrow("gone");
  });

  it("serves a short request while a long one runs", async () => {
    const { lane } = laneOf({ limits: { items: 4, tokens: 1000, wait: 0 }, ahead: 4 });
    const ended: string[] = [];
    const long = lane.submit(Array<string>(200).fill("a"), call()).then(() => ended.push("long"));
    await sleep(5);
    const short = lane.submit(["b"], call("b")).then(() => ended.push("short"));
    await Promise.all([long, short]);
    expect(ended).toEqual(["short", "long"]);
  });
});

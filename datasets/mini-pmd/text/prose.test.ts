import { describe, expect, it } from "vitest";
import { blocks, cleanLine, isProse, ProseSieve } from "./prose.js";

describe("prose", () => {
  it("masks e-mail addresses and drops those of pages", () => {
    expect(cleanLine("Write  to <jo.doe@mail.test>\nor see http://page/a?b , please .")).toBe(
      "Write to someone or see, please.",
    );
  });

  it("takes sentences and leaves code, tables, shouting and fragments", () => {
    expect(isProse("The lamp is lit when the first visitor of the day comes in.")).toBe(true);
    expect(isProse("x = foo(bar); y = baz->qux(); return x_y::z() | mask_of(w);")).toBe(false);
    expect(isProse("1 22 333 4444 55 66 77 88 99 10 11 12 13.")).toBe(false);
    expect(isProse("BUY THIS NOW BECAUSE IT IS VERY CHEAP AND GOOD FOR YOU.")).toBe(false);
    expect(isProse("a list of words without an end of sentence at its end")).toBe(false);
    expect(isProse("Too short to keep.")).toBe(false);
  });

  it("keeps near copies once", () => {
    const sieve = new ProseSieve();
    const text = "Version 1.2 of the library reads and writes pictures of many kinds.";
    expect(sieve.keep([text, text.replace("1.2", "1.3"), text.replace("many", "few")])).toEqual([
      text,
      text.replace("many", "few"),
    ]);
  });

  it("splits blocks at blank lines", () => {
    expect(blocks("a\n b\n\n \nc\n")).toEqual(["a b", "c"]);
  });
});

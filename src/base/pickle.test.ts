import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Opaque, type PickleWorld, unpickle } from "./pickle.js";

class DamageError extends Error {}

const world: PickleWorld = {
  what: "The pickle",
  globals: new Map([
    ["collections.OrderedDict", { name: "collections.OrderedDict", make: () => new Map() }],
    ["torch.FloatStorage", { name: "torch.FloatStorage" }],
  ]),
  resolve: (reference) => ["resolved", reference],
  error: (message) => new DamageError(message),
};
const read = (...pieces: (string | number | Buffer)[]): unknown =>
  unpickle(
    world,
    Buffer.concat([
      Buffer.of(0x80, 2),
      ...pieces.map((piece) =>
        typeof piece === "number" ? Buffer.of(piece) : Buffer.from(piece as Buffer),
      ),
    ]),
  );
const word = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
};
const text = (value: string): Buffer =>
  Buffer.concat([Buffer.from("X"), word(Buffer.byteLength(value)), Buffer.from(value)]);

describe("a pickle", () => {
  it.each<[string, unknown, (string | number | Buffer)[]]>([
    ["none", undefined, ["N."]],
    ["truth", [true, false], [0x88, 0x89, 0x86, "."]],
    ["small numbers", [200, 60000], ["K", 200, "M", 0x60, 0xea, 0x86, "."]],
    ["negative numbers", -5, ["J", word(-5), "."]],
    ["long numbers", 2 ** 40, [0x8a, 6, Buffer.of(0, 0, 0, 0, 0, 1), "."]],
    ["negative long numbers", -1, [0x8a, 1, 0xff, "."]],
    ["the empty long number", 0, [0x8a, 0, "."]],
    ["text", "größe", [text("größe"), "."]],
    ["tuples", [[], ["a"], 1, 2, 3], ["(", ")", text("a"), 0x85, "K", 1, "K", 2, "K", 3, "t."]],
    ["dictionaries", new Map([["a", 1]]), ["}", text("a"), "K", 1, "s."]],
    [
      "dictionaries of many",
      new Map([
        ["a", 1],
        ["b", 2],
      ]),
      ["}(", text("a"), "K", 1, text("b"), "K", 2, "u."],
    ],
    ["what was remembered", ["a", "a"], [text("a"), "q", 7, "h", 7, 0x86, "."]],
    ["calls", new Map(), ["ccollections\nOrderedDict\n)R."]],
    ["attributes, which are left out", new Map(), ["ccollections\nOrderedDict\n)R}b."]],
    ["references", ["resolved", "a"], [text("a"), "Q."]],
    ["lists", [1, "a"], ["]K", 1, "a(", text("a"), "e."]],
    ["text of Python 2", ["a", "b"], ["U", 1, "aT", word(1), "b", 0x86, "."]],
    ["floating-point numbers", 0.5, ["G", Buffer.of(0x3f, 0xe0, 0, 0, 0, 0, 0, 0), "."]],
    ["numbers as keys", new Map([[1, undefined]]), ["}K", 1, "Ns."]],
    ["numbers that are too large to be exact", 2 ** 70, [0x8a, 9, Buffer.alloc(8), 64, "."]],
    ["attributes of a text, which are left out", "a", [text("a"), "}b."]],
  ])("gives %s", (_, value, pieces) => {
    expect(read(...pieces)).toEqual(value);
  });

  it.each<[string, RegExp, (string | number | Buffer)[]]>([
    ["calls a class", /calls what cannot be called/, ["ctorch\nFloatStorage\n)R."]],
    ["calls a text", /calls what cannot be called/, [text("os.system"), ")R."]],
    ["calls with a text", /without a list/, ["ccollections\nOrderedDict\n", text("a"), "R."]],
    ["makes an instance", /instruction 0x69 \("i"\)/, ["(ios\nsystem\n."]],
    ["looks a name up on the stack", /instruction 0x93/, [text("os"), text("system"), 0x93, "."]],
    ["uses the register of extensions", /instruction 0x82/, [0x82, 1, "."]],
    ["doubles what is there", /instruction 0x32/, ["K", 1, "22."]],
    ["has another protocol", /protocol 4/, [0x80, 4, "N."]],
    ["ends too early", /ends too early/, ["X", word(1000), "abc"]],
    ["has no end", /ends too early/, ["N"]],
    ["claims a text of negative length", /ends too early/, ["X", word(-1), "."]],
    ["takes from an empty stack", /where there is none/, [0x86, "."]],
    ["takes beyond a mark", /where there is none/, ["K", 1, "(", 0x85, "."]],
    ["misses a mark", /looks for a mark/, ["t."]],
    ["remembers nothing", /where there is none/, ["q", 0, "."]],
    ["recalls what it never had", /value 9/, ["h", 9, "."]],
    ["leaves two values", /end with one value/, ["NN."]],
    ["leaves none", /end with one value/, ["."]],
    ["has a key twice", /"a" twice/, ["}", text("a"), "Ns", text("a"), "Ns."]],
    ["has a key without value", /without a value/, ["}(", text("a"), "u."]],
    ["stores into a text", /no dictionary/, [text("a"), text("a"), "Ns."]],
    ["appends to a text", /no list/, [text("a"), "Na."]],
    ["piles up values", /piles up/, ["N".repeat(200_000), "."]],
  ])("is refused when it %s", (_, reason, pieces) => {
    expect(() => read(...pieces)).toThrow(reason);
  });

  it.each<[string, string, (string | number | Buffer)[]]>([
    ["a command", "os.system", ["cos\nsystem\n", text("rm -rf /"), 0x85, "R."]],
    ["code", "builtins.eval", ["cbuiltins\neval\n", text("1"), 0x85, "R."]],
    ["a new object", "argparse.Namespace", ["cargparse\nNamespace\n)", 0x81, "}b."]],
    ["a filled dictionary", "a.B", ["ca\nB\n)R", text("k"), "Ns(", text("l"), "Nu."]],
    ["a filled list", "a.B", ["ca\nB\n)RNa(Ne."]],
    ["a loader of code", "torch.storage._load_from_bytes", ["ctorch.storage\n_load_from_bytes\n."]],
  ])("executes nothing: %s stays a name", (_, name, pieces) => {
    expect(read(...pieces)).toEqual(new Opaque(name));
  });

  it("that multiplies itself by references stays small", () => {
    const doublings = Array.from({ length: 10_000 }, () => ["q", 0, "h", 0, 0x86]).flat();
    expect(read(text("a"), ...doublings, ".")).toHaveLength(2);
  });

  it("of any bytes is read or refused", () => {
    const codes = [
      ...Buffer.from("N(}stuKMJXhqjrQRbc).]aeGTU\n"),
      0x80,
      2,
      0x81,
      0x85,
      0x86,
      0x87,
      0x88,
      0x89,
      0x8a,
    ];
    const bytes = fc.array(fc.oneof(fc.constantFrom(...codes), fc.nat(255)), { maxLength: 60 });
    fc.assert(
      fc.property(bytes, (values) => {
        try {
          unpickle(world, Buffer.from(values));
        } catch (error) {
          expect(error).toBeInstanceOf(DamageError);
        }
      }),
      { numRuns: 5000 },
    );
  });
});

import { describe, expect, it } from "vitest";
import { run } from "../../../test/gradient-check.js";
import { gradient } from "../gradient.js";
import { placeholder } from "../placeholder.js";
import { spec } from "../tensor.js";
import { allGather, allReduce } from "./collective.js";
import { sum } from "./broadcast.js";

const x = placeholder(spec([2, 3], "bfloat16"), "x");
const second = { size: 3, rank: 1 };

describe("collectives", () => {
  it("are the identity with one process", () => {
    expect(allGather(x, { size: 1, rank: 0 })).toBe(x);
    expect(allReduce(x, { size: 1, rank: 0 })).toBe(x);
  });

  it("have the shapes of their results", () => {
    expect(String(allGather(x, second))).toBe("bfloat16[6, 3]");
    expect(String(allReduce(x, second))).toBe("bfloat16[2, 3]");
    expect(() => allGather(placeholder(spec([]), "x"), second)).toThrow("at least one axis");
  });

  it("split the program", () => {
    expect(allGather(x, second).node.op.collective).toBe("allGather");
    expect(allReduce(x, second).node.op.collective).toBe("allReduce");
    expect(() => run((y) => allReduce(y, second), { shape: [2] })).toThrow("by the host");
    expect(() => run((y) => allGather(y, second), { shape: [2] })).toThrow("by the host");
  });

  it("pass on the gradients of all processes", () => {
    const ofReduce = gradient(sum(allReduce(x, second)), x)!;
    expect(ofReduce.node.op.name).toBe("allReduce");
    const ofGather = gradient(sum(allGather(x, second)), x)!;
    expect(ofGather.node.op.name).toBe("slice");
    expect(ofGather.node.attributes.starts).toEqual([2, 0]); // this process has rows 2 and 3 of 6
    expect(String(ofGather)).toBe("bfloat16[2, 3]");
    expect(ofGather.node.inputs[0]?.node.op.name).toBe("allReduce");
  });
});

import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Tree, leavesOf, mapTree } from "./tree.js";

/** Trees of numbers, with keys like those of parameters: no slashes, not empty. */
const trees: fc.Arbitrary<unknown> = fc.letrec<{ tree: Tree<number> }>((tie) => ({
  tree: fc.oneof(
    { maxDepth: 4 },
    fc.integer(),
    fc.array(tie("tree"), { maxLength: 4 }),
    fc.dictionary(fc.stringMatching(/^[a-z_]{1,6}$/), tie("tree"), { maxKeys: 4 }),
  ),
})).tree;

/** The value at `path`. */
function at(tree: unknown, path: string): unknown {
  const steps = path === "" ? [] : path.split("/");
  return steps.reduce((branch, step) => (branch as Record<string, unknown>)[step], tree);
}

const model = { blocks: [{ weight: 1, bias: 2 }, { weight: 3 }], scale: 4 };

describe("leavesOf", () => {
  it("names leaves by their paths, in the order of the keys", () => {
    expect(leavesOf<number>(model)).toEqual([
      ["blocks/0/weight", 1],
      ["blocks/0/bias", 2],
      ["blocks/1/weight", 3],
      ["scale", 4],
    ]);
  });

  it("omits undefined leaves", () => {
    expect(leavesOf<number>({ a: undefined, b: [undefined, 1] })).toEqual([["b/1", 1]]);
  });

  it("assigns a single leaf the empty path", () => {
    expect(leavesOf<number>(7)).toEqual([["", 7]]);
  });

  it("treats typed arrays, dates and class instances as leaves", () => {
    const values = { array: new Float32Array(2), date: new Date(0), map: new Map([[1, 2]]) };
    expect(leavesOf<object>(values)).toEqual(Object.entries(values));
  });

  it("lists each leaf once, with its path", () => {
    fc.assert(
      fc.property(trees, (tree) => {
        const leaves = leavesOf<number>(tree);
        expect(new Set(leaves.map(([path]) => path)).size).toBe(leaves.length);
        for (const [path, leaf] of leaves) expect(at(tree, path)).toBe(leaf);
      }),
    );
  });
});

describe("mapTree", () => {
  it("preserves the structure", () => {
    const named = mapTree(model, (leaf: number, path) => `${path}=${leaf}`);
    expect(named).toEqual({
      blocks: [
        { weight: "blocks/0/weight=1", bias: "blocks/0/bias=2" },
        { weight: "blocks/1/weight=3" },
      ],
      scale: "scale=4",
    });
    const weight: string | undefined = named.blocks[0]?.weight; // the types follow
    expect(weight).toBe("blocks/0/weight=1");
  });

  it("with the identity returns an equal tree and leaves the original unchanged", () => {
    fc.assert(
      fc.property(trees, (tree) => {
        const before = structuredClone(tree);
        const copy = mapTree(tree, (leaf: number) => leaf);
        expect(copy).toEqual(tree);
        mapTree(tree, () => 0);
        expect(tree).toEqual(before);
      }),
    );
  });

  it("in two steps equals mapping once with the composition", () => {
    fc.assert(
      fc.property(trees, (tree) => {
        const twice = mapTree(
          mapTree(tree, (leaf: number) => leaf + 1),
          (leaf: number) => leaf * 2,
        );
        expect(twice).toEqual(mapTree(tree, (leaf: number) => (leaf + 1) * 2));
      }),
    );
  });

  it("visits leaves in the order of leavesOf, including undefined ones", () => {
    fc.assert(
      fc.property(trees, (tree) => {
        const visited: [string, number][] = [];
        mapTree(tree, (leaf: number, path) => visited.push([path, leaf]));
        expect(visited).toEqual(leavesOf<number>(tree));
      }),
    );
    expect(mapTree({ a: undefined }, String)).toEqual({ a: "undefined" });
  });
});

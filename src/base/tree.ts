/**
 * Trees: values nested in plain objects and arrays, addressed by paths such as "blocks/3/mlp/weight".
 *
 * Plain objects and arrays are branches; everything else (tensors, specifications, typed arrays, numbers) is a leaf.
 */
export type Tree<T> = T | readonly Tree<T>[] | { readonly [key: string]: Tree<T> };

/** The tree `S` with its leaves of type `From` replaced by `To`. */
export type Mapped<S, From, To> = S extends From
  ? To
  : { readonly [K in keyof S]: Mapped<S[K], From, To> };

/**
 * What `S` has to extend to be a tree with leaves of type `Leaf`: the same structure, in which anything else is a `Leaf`. As a
 * constraint, `S extends TreeOf<S, Leaf>`, it takes interfaces as well, and names the branch that is not one.
 */
export type TreeOf<S, Leaf> = {
  readonly [K in keyof S]: S extends Leaf ? S[K] : BranchOf<S[K], Leaf>;
};

/** `B`, a part of a tree, if it is a leaf or a branch with such leaves only; see `TreeOf`. */
export type BranchOf<B, Leaf> = B extends Leaf | undefined
  ? B
  : B extends (...parameters: never) => unknown
    ? Leaf
    : B extends object
      ? TreeOf<B, Leaf>
      : Leaf;

/** A tree of the same structure in which any branch or leaf may be omitted. */
export type Partly<S, Leaf> = S extends Leaf ? S : { readonly [K in keyof S]?: Partly<S[K], Leaf> };

function isBranch(value: unknown): value is Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null) return false;
  if (Array.isArray(value)) return true;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

/** Applies `f` to every leaf and its path, including `undefined` leaves; the result has the same structure. */
export function mapTree<From, To, S>(
  tree: S,
  f: (leaf: From, path: string) => To,
): Mapped<S, From, To> {
  const visit = (value: unknown, path: string): unknown => {
    if (!isBranch(value)) return f(value as From, path);
    const join = path === "" ? "" : `${path}/`;
    if (Array.isArray(value)) return value.map((item, index) => visit(item, `${join}${index}`));
    return Object.fromEntries(
      Object.entries(value).map(([key, item]) => [key, visit(item, `${join}${key}`)]),
    );
  };
  return visit(tree, "") as Mapped<S, From, To>;
}

/** All leaves of a tree with their paths, in the order of the keys. `undefined` leaves are omitted. */
export function leavesOf<T>(tree: unknown): [path: string, leaf: T][] {
  const leaves: [string, T][] = [];
  mapTree(tree, (leaf: T | undefined, path) => {
    if (leaf !== undefined) leaves.push([path, leaf]);
  });
  return leaves;
}

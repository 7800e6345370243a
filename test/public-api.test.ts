/**
 * What users of the package see: every symbol that an entry point exports, and every member of it, has a docstring; no signature has
 * `any`; and every type that a signature names can be imported from the same entry point.
 */
import { dirname, join } from "node:path";
import ts from "typescript";
import { describe, expect, it } from "vitest";
import manifest from "../package.json" with { type: "json" };

const root = join(import.meta.dirname, "..");

/**
 * From the lowest to the highest. A symbol belongs to the first entry point that exports it; others that export it too, because their
 * signatures name it, need not export all that it is made of.
 */
const order = [
  ...["engine", "ops", "data", "model", ".", "search", "train", "eval", "serve"],
  ...["browser", "browser-training"],
];

interface Faults {
  readonly undocumented: string[];
  readonly any: string[];
  readonly unnamed: string[];
}

/** The declarations of entry points, of which only what the package declares itself is looked at. */
function declarationsOf(
  entryPoints: ReadonlyMap<string, string>,
  libraries: readonly string[] = [],
): ts.Program {
  const options = {
    strict: true,
    lib: ["lib.es2023.d.ts", "lib.esnext.disposable.d.ts", ...libraries],
    target: ts.ScriptTarget.ES2023,
    types: [],
  };
  const host = ts.createCompilerHost(options);
  host.resolveModuleNameLiterals = (literals, importer) =>
    literals.map(({ text }) => ({
      resolvedModule: text.startsWith(".")
        ? {
            resolvedFileName: join(dirname(importer), text.replace(/\.js$/, ".d.ts")),
            extension: ts.Extension.Dts,
          }
        : undefined,
    }));
  return ts.createProgram([...entryPoints.values()], options, host);
}

/** The faults of entry points, which are declaration files, lowest first. */
function faultsOf(entryPoints: ReadonlyMap<string, string>, program: ts.Program): Faults {
  const checker = program.getTypeChecker();
  const faults: Faults = { undocumented: [], any: [], unnamed: [] };
  const owned = new Set<ts.Symbol>();
  for (const [entryPoint, file] of entryPoints) {
    const module = checker.getSymbolAtLocation(program.getSourceFile(file)!)!;
    const exported = checker.getExportsOfModule(module);
    const symbols = new Set(exported.map((symbol) => meantBy(symbol, checker)));
    for (const symbol of exported) {
      const meant = meantBy(symbol, checker);
      if (owned.has(meant)) continue;
      owned.add(meant);
      const canBeMade = !isTypeOnly(symbol);
      new Inspection(checker, symbols, `${entryPoint} ${symbol.name}`, faults).symbol(
        meant,
        canBeMade,
      );
    }
  }
  return faults;
}

/**
 * What compilers would complain of who do not skip the package's declarations (`skipLibCheck`): types and members that are not there,
 * such as those left out as `@internal`. Types of other packages are unknown here.
 */
const brokenReferences = (program: ts.Program): string[] =>
  complaints(program, [2305, 2339, 2344, 2416, 2420, 2430, 2552, 2694, 2724]);

/** Names that are declared nowhere. */
const unknownNames = (program: ts.Program): string[] =>
  complaints(program, [2304, 2503, 2552, 2580, 2591]);

function complaints(program: ts.Program, codes: readonly number[]): string[] {
  return program
    .getSourceFiles()
    .filter(({ fileName }) => fileName.startsWith(join(root, "dist")))
    .flatMap((file) => program.getSemanticDiagnostics(file))
    .filter(({ code }) => codes.includes(code))
    .map(
      ({ file, messageText }) =>
        `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, " ")}`,
    );
}

const meantBy = (symbol: ts.Symbol, checker: ts.TypeChecker): ts.Symbol =>
  symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;

/** Whether it is exported by `export type`, so that a class cannot be called. */
const isTypeOnly = (symbol: ts.Symbol): boolean =>
  (symbol.declarations ?? []).some(
    (declaration) =>
      ts.isExportSpecifier(declaration) &&
      (declaration.isTypeOnly || declaration.parent.parent.isTypeOnly),
  );

/** Looks at one exported symbol. */
class Inspection {
  constructor(
    private readonly checker: ts.TypeChecker,
    private readonly exported: ReadonlySet<ts.Symbol>,
    private readonly name: string,
    private readonly faults: Faults,
  ) {}

  symbol(symbol: ts.Symbol, canBeMade: boolean): void {
    if (!this.isDocumented(symbol)) this.faults.undocumented.push(this.name);
    for (const declaration of symbol.declarations ?? []) this.node(declaration, canBeMade);
  }

  private node(node: ts.Node, canBeMade: boolean): void {
    const isHidden =
      (ts.isClassElement(node) && ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) ||
      (ts.isPropertyDeclaration(node) && ts.isPrivateIdentifier(node.name));
    if (isHidden || (ts.isConstructorDeclaration(node) && !canBeMade)) return;
    if (isMember(node)) this.member(node);
    if (node.kind === ts.SyntaxKind.AnyKeyword) this.faults.any.push(this.name);
    const type = this.typeNamedBy(node);
    if (type !== undefined && !this.exported.has(type)) {
      const fault = `${this.name} names ${type.name}`;
      if (!this.faults.unnamed.includes(fault)) this.faults.unnamed.push(fault);
    }
    ts.forEachChild(node, (child) => this.node(child, canBeMade));
  }

  private member(node: Member): void {
    const symbol = node.name && this.checker.getSymbolAtLocation(node.name);
    const isDocumented =
      symbol === undefined
        ? ts.getJSDocCommentsAndTags(node).length > 0
        : this.isDocumented(symbol);
    if (isDocumented || saysWhatItIs(node)) return;
    this.faults.undocumented.push(`${this.name}.${node.name?.getText() ?? "constructor"}`);
  }

  private isDocumented(symbol: ts.Symbol): boolean {
    return (
      symbol.getDocumentationComment(this.checker).length > 0 ||
      symbol.getJsDocTags(this.checker).length > 0
    );
  }

  /** The type of this package that a node refers to. */
  private typeNamedBy(node: ts.Node): ts.Symbol | undefined {
    const name = ts.isTypeReferenceNode(node)
      ? node.typeName
      : ts.isExpressionWithTypeArguments(node)
        ? node.expression
        : ts.isImportTypeNode(node)
          ? node.qualifier
          : undefined;
    const found = name && this.checker.getSymbolAtLocation(name);
    if (found === undefined) return undefined;
    const type = meantBy(found, this.checker);
    const declaration = type.declarations?.[0];
    const isOurs =
      declaration !== undefined && !declaration.getSourceFile().fileName.includes("node_modules");
    return isOurs && !(type.flags & ts.SymbolFlags.TypeParameter) ? type : undefined;
  }
}

type Member =
  | ts.PropertySignature
  | ts.MethodSignature
  | ts.PropertyDeclaration
  | ts.MethodDeclaration
  | ts.GetAccessorDeclaration
  | ts.ConstructorDeclaration;

/** Members of classes and of types that have a name; what a function takes or returns is said in its own docstring. */
function isMember(node: ts.Node): node is Member {
  const isOne =
    ts.isPropertySignature(node) ||
    ts.isMethodSignature(node) ||
    ts.isPropertyDeclaration(node) ||
    ts.isMethodDeclaration(node) ||
    ts.isGetAccessor(node) ||
    (ts.isConstructorDeclaration(node) && node.parameters.length > 0);
  if (!isOne) return false;
  let parent: ts.Node = node.parent;
  while (
    ts.isTypeLiteralNode(parent) ||
    ts.isUnionTypeNode(parent) ||
    ts.isIntersectionTypeNode(parent) ||
    ts.isParenthesizedTypeNode(parent)
  )
    parent = parent.parent;
  return (
    ts.isTypeAliasDeclaration(parent) ||
    ts.isInterfaceDeclaration(parent) ||
    ts.isClassDeclaration(parent)
  );
}

/** The name of an error, and the tag by which the members of a union are told apart. */
const saysWhatItIs = (node: Member): boolean =>
  ["name", "kind", "type"].includes(node.name?.getText() ?? "") &&
  ((ts.isPropertyDeclaration(node) && node.initializer !== undefined) ||
    (ts.isPropertySignature(node) && node.type !== undefined && isLiteral(node.type)));

const isLiteral = (type: ts.TypeNode): boolean =>
  ts.isLiteralTypeNode(type) || (ts.isUnionTypeNode(type) && type.types.every(isLiteral));

describe("the public API", () => {
  const declarations = Object.entries(manifest.exports).flatMap(([path, target]) =>
    typeof target === "string" ? [] : [[path.replace("./", ""), join(root, target.types)] as const],
  );
  const entryPoints = new Map(declarations.sort(([a], [b]) => order.indexOf(a) - order.indexOf(b)));
  const program = declarationsOf(entryPoints);
  const faults = faultsOf(entryPoints, program);

  it("has a place for every entry point", () => {
    expect([...entryPoints.keys()]).toEqual(order);
  });

  it("is documented", () => {
    expect(faults.undocumented).toEqual([]);
  });

  it("has no any", () => {
    expect(faults.any).toEqual([]);
  });

  it("exports every type that its signatures name", () => {
    expect(faults.unnamed).toEqual([]);
  });

  it("needs nothing that was left out of the declarations", () => {
    expect(brokenReferences(program)).toEqual([]);
  });

  it("of browsers names no type of Node", () => {
    const own = [...entryPoints].filter(([name]) => name.startsWith("browser"));
    expect(unknownNames(declarationsOf(new Map(own), ["lib.dom.d.ts"]))).toEqual([]);
  });
});

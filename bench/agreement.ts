/** Results of the model that ships, by every backend and by exported ONNX files, against the reference backend. */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { exportModel } from "../src/api/export-model.js";
import { load } from "../src/api/load.js";
import type { Backend } from "../src/backend/backend.js";
import { requestBackend } from "../src/backend/open.js";
import { packagePath } from "../src/base/package-root.js";
import { openSource } from "../src/data/formats/open.js";
import { decodeImage } from "../src/data/image/decode.js";
import { pixelsOf } from "../src/data/image/processor.js";
import { type OnnxDtype, onnxDtypes } from "../src/export/onnx/dtype.js";
import { leastCosine } from "./model.js";
import { type Pairs, type Results, runOnnx } from "./onnx-runtime.js";
import { tableHeader, tableLine } from "./report.js";

type Precision = "float32" | "bfloat16" | "int8";

/** Something that computes results. */
interface Engine {
  readonly name: string;
  readonly precision: Precision | OnnxDtype;
  /** Why it does not run on this machine, if it does not. */
  readonly fault: () => Promise<string | undefined>;
  readonly compute: (pairs: Pairs) => Promise<Results>;
}

export interface AgreementRow extends Pick<Engine, "name" | "precision"> {
  /** Largest differences from the reference backend. */
  readonly images: number;
  readonly texts: number;
  readonly matches: number;
  /** The least cosine of a vector to that of the reference backend. */
  readonly cosine: number;
  /** Whether differences are within the bound, if there is one: 1e-4 in float32. */
  readonly holds: boolean;
}

const bound = 1e-4;

/**
 * Prints and returns the differences for the first pairs of a set that the model has never seen. An engine that does
 * not run on this machine, such as WebGPU without a driver, is named and left out.
 *
 * @param only selects the engines whose name and precision contain this text
 */
export async function benchAgreement(count: number, only = ""): Promise<AgreementRow[]> {
  const pairs = await firstPairs(count);
  const expected = await onBackend("reference", "float32").compute(pairs);
  console.log(tableHeader(["engine", "precision", "images", "texts", "matching", "cosine", "bar"]));
  const rows: AgreementRow[] = [];
  for (const engine of engines) {
    const { name, precision, fault, compute } = engine;
    if (!`${name} ${precision}`.includes(only)) continue;
    const reason = await fault();
    if (reason === undefined) {
      rows.push(compare(engine, await compute(pairs), expected));
      console.log(formatAgreement(rows.at(-1)!));
    } else console.log(tableLine([name, precision, "", "", "", "", `left out: ${reason}`]));
  }
  return rows;
}

const engines: readonly Engine[] = [
  ...(["float32", "bfloat16", "int8"] as const).map((precision) => onBackend("native", precision)),
  onBackend("wasm", "float32"),
  onBackend("webgpu", "float32"),
  ...onnxDtypes.map(byOnnxRuntime),
];

async function firstPairs(count: number): Promise<Pairs> {
  const set = packagePath("samples", "mini-pmd", "evaluation", "retrieval-ph");
  await using flava = await load();
  const [pixels, ids]: [Float32Array[], Int32Array[]] = [[], []];
  for await (const { image, texts } of (await openSource(set)).read()) {
    if (pixels.length === count) break;
    if (!image || texts[0] === undefined) continue;
    pixels.push(pixelsOf(await decodeImage(image), flava.model.processor));
    ids.push(flava.embedder.encode(texts[0]));
  }
  return { pixels, ids };
}

function onBackend(name: Backend["name"], precision: Precision): Engine {
  return {
    ...{ name, precision },
    fault: () =>
      requestBackend({ name }).then(
        (backend) => {
          backend.dispose();
          return undefined;
        },
        (error: unknown) => (error as Error).message,
      ),
    async compute({ pixels, ids }) {
      await using flava = await load(undefined, { backend: { name }, precision });
      return {
        images: await flava.embedder.images(pixels),
        texts: await flava.embedder.texts(ids),
        matches: await flava.embedder.match(pixels, ids),
      };
    },
  };
}

function byOnnxRuntime(precision: OnnxDtype): Engine {
  return {
    ...{ name: "ONNX Runtime", precision },
    fault: () => Promise.resolve(undefined),
    async compute(pairs) {
      const folder = mkdtempSync(join(tmpdir(), "flava-agreement-"));
      try {
        return await runOnnx(await exportModel(folder, { dtype: precision }), pairs);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
  };
}

/** Compares results with those of the reference backend. */
export function compare(
  { name, precision }: Pick<Engine, "name" | "precision">,
  found: Results,
  expected: Results,
): AgreementRow {
  const [images, texts, matches] = (["images", "texts", "matches"] as const).map((part) =>
    largestDifference(found[part], expected[part]),
  ) as [number, number, number];
  const count = expected.matches.length;
  const cosines = (["images", "texts"] as const).map((part) =>
    leastCosine(found[part], expected[part], count),
  );
  const holds = precision !== "float32" || Math.max(images, texts, matches) <= bound;
  return { name, precision, images, texts, matches, cosine: Math.min(...cosines), holds };
}

/** Infinity if there are different numbers of values. */
function largestDifference(found: Float32Array, expected: Float32Array): number {
  if (found.length !== expected.length) return Infinity;
  return expected.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i]!)), 0);
}

function formatAgreement(row: AgreementRow): string {
  const differences = [row.images, row.texts, row.matches].map((value) => value.toExponential(1));
  const bar = row.precision === "float32" ? `<= 1e-4: ${row.holds ? "yes" : "no"}` : "";
  return tableLine([row.name, row.precision, ...differences, row.cosine.toFixed(6), bar]);
}

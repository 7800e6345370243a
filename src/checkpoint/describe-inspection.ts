/** Describes the contents of a checkpoint. */
import { counted } from "../base/counted.js";
import { formatBytes } from "../backend/available-memory.js";
import type { CodebookConfig, StackConfig } from "../model/config.js";
import type { Sizes } from "./huggingface-config.js";
import type { Inspection } from "./inspect.js";

type Row = readonly [label: string, value: string];

/** A human-readable description of several lines. */
export function describeInspection(inspection: Inspection): string {
  const { family, format, sizes, parts } = inspection;
  const sections: (readonly [title: string, rows: readonly Row[]])[] = [
    [`${family}, ${format}`, totalRows(inspection)],
    ["Sizes", sizes ? sizeRows(sizes, "codebook" in parts) : []],
    ["Parameters by part", Object.entries(parts).map(([part, count]) => [part, number(count)])],
    [
      "Memory of the weights, without activations, which depend on the batch",
      memoryRows(inspection),
    ],
    ["Does not fit the sizes", misfitRows(inspection)],
    ["Not of FLAVA", ignoredRows(inspection)],
  ];
  return sections
    .filter(([, rows]) => rows.length > 0)
    .map(([title, rows]) =>
      [title, ...rows.map(([label, value]) => `  ${label.padEnd(22)}${value}`)].join("\n"),
    )
    .join("\n\n");
}

const number = (value: number): string => value.toLocaleString("en");

function totalRows({ parameters, tensors, dtypes, bytes }: Inspection): Row[] {
  return [
    ["parameters", `${number(parameters)} in ${counted(tensors, "tensor")}`],
    ["stored as", `${dtypes.join(", ")}, ${formatBytes(bytes)}`],
  ];
}

function sizeRows(sizes: Sizes, hasCodebook: boolean): Row[] {
  if (sizes.kind === "codebook") return [["codebook", codebookSize(sizes.config)]];
  const { image, text, multimodal, codebook, projection, maskPadding } = sizes.config;
  const stack = ({ layers, width, heads, hidden }: StackConfig): string =>
    `layers ${layers}, width ${width}, heads ${heads}, hidden ${hidden}`;
  return [
    ["image encoder", `${stack(image)}; ${image.size} pixels in patches of ${image.patch}`],
    [
      "text encoder",
      `${stack(text)}; ${number(text.vocabulary)} words, up to ${text.positions} tokens`,
    ],
    ["multimodal encoder", stack(multimodal)],
    ["embeddings", `width ${projection}`],
    ...(hasCodebook ? [["codebook", codebookSize(codebook)] as const] : []),
    ["padding of texts", `${maskPadding ? "left out" : "seen"} by the multimodal encoder`],
  ];
}

function codebookSize({ groups, blocksPerGroup, hidden, vocabulary }: CodebookConfig): string {
  return `groups ${groups}, blocks ${blocksPerGroup}, hidden ${hidden}; ${number(vocabulary)} visual tokens`;
}

function memoryRows({ memory }: Inspection): Row[] {
  return [
    ["to run in float32", formatBytes(memory.float32)],
    ["to run in bfloat16", formatBytes(memory.bfloat16)],
    ["to run in int8", formatBytes(memory.int8)],
    ["to train with AdamW", formatBytes(memory.training)],
  ];
}

function misfitRows(inspection: Inspection): Row[] {
  const kinds = ["missing", "unexpected", "misshapen"] as const;
  return kinds.flatMap((kind) => inspection[kind].map((name): Row => [kind, name]));
}

function ignoredRows({ ignored }: Inspection): Row[] {
  const shown = ignored.slice(0, 10).map((name): Row => ["ignored", name]);
  const rest = ignored.length - shown.length;
  return rest > 0 ? [...shown, ["", `and ${rest} more`]] : shown;
}

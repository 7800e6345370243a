/** What each measurement must reach, on the two kinds of machine whose matrix units we use. */
import { hasInstructions } from "./processor.js";

/** Intel servers with AMX, or processors with AVX512-BF16 and without AMX. */
export type MachineKind = "amx" | "avx512bf16";

/** Ratios of our figure to PyTorch's: of speeds at least, of times and sizes at most. */
export type Bars = Readonly<
  Record<
    | "products"
    | "productsIn8Bits"
    | "encoderStep"
    | "pairStep"
    | "maskedStep"
    | "application"
    | "pairStepMemory"
    | "trainingSpeed"
    | "secondThread",
    number
  >
>;

const onAny = { productsIn8Bits: 1.5, pairStep: 0.45, pairStepMemory: 0.55, secondThread: 1.9 };

const bars: Readonly<Record<MachineKind, Bars>> = {
  amx: {
    ...onAny,
    products: 1.6,
    encoderStep: 0.55,
    maskedStep: 0.55,
    application: 0.6,
    trainingSpeed: 2,
  },
  avx512bf16: {
    ...onAny,
    products: 1.15,
    encoderStep: 0.6,
    maskedStep: 0.6,
    application: 0.65,
    trainingSpeed: 1.8,
  },
};

export function barsOf(kind: MachineKind = machineKind()): Bars {
  return bars[kind];
}

/** The kind of this machine, from the processor's flags. */
export function machineKind(processors?: string): MachineKind {
  return hasInstructions(["amx_bf16"], processors) ? "amx" : "avx512bf16";
}

/** Whose bars these are, in words; processors with neither kind of instructions are held to those of the second. */
export function describeBars(processors?: string): string {
  const kind = machineKind(processors);
  const lacks = kind !== "amx" && !hasInstructions(["avx512_bf16"], processors);
  return `Bars for ${kind}${lacks ? ", which this machine does not have" : ""}`;
}

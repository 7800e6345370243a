/** `flava convert`: a checkpoint of any kind as a directory in Hugging Face's form. */
import { type Command, Option } from "commander";
import { openBackend } from "../backend/open.js";
import { type WeightDtype, weightDtypes } from "../checkpoint/huggingface-config.js";
import { loadModel } from "../checkpoint/load-model.js";
import { requireReplaceable, saveModel } from "../checkpoint/save-model.js";
import { headsOption } from "./model-option.js";

interface ConvertFlags {
  readonly dtype?: WeightDtype;
  readonly heads?: number;
}

export function addConvert(program: Command): void {
  program
    .command("convert")
    .description("write a checkpoint as a directory that this package and transformers load")
    .argument("<path>", "a directory in Hugging Face's form, or a file of weights")
    .argument("<out>", "the directory to write")
    .addOption(
      new Option("--dtype <dtype>", "of the weights; default: as they are stored").choices(
        weightDtypes,
      ),
    )
    .addOption(headsOption())
    .action(async (path: string, out: string, flags: ConvertFlags) => {
      console.log(await convert(path, out, flags));
    });
}

/** Converts a checkpoint; returns what was written, for people. */
export async function convert(
  path: string,
  out: string,
  { dtype, heads }: ConvertFlags = {},
): Promise<string> {
  await requireReplaceable(out, path);
  const backend = openBackend();
  try {
    const onWarning = (message: string): void => console.error(`flava: ${message}`);
    const model = await loadModel(path, backend, { heads, onWarning });
    await saveModel(out, model, dtype && { dtype });
    return `Written to ${out} in ${dtype ?? model.dtype}.`;
  } finally {
    backend.dispose();
  }
}

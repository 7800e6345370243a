/** `flava convert`: converts a checkpoint of any kind to a directory in Hugging Face format. */
import { type Command, Option } from "commander";
import { openBackend } from "../backend/open.js";
import { type WeightDtype, weightDtypes } from "../checkpoint/huggingface-config.js";
import { loadModel } from "../checkpoint/load-model.js";
import { requireReplaceable, saveModel } from "../checkpoint/save-model.js";
import { type JsonFlag, jsonOption, printJson } from "./json.js";
import { headsOption } from "./model-option.js";
import { outputDirectory } from "./output-path.js";

interface ConvertFlags extends JsonFlag {
  readonly dtype?: WeightDtype;
  readonly heads?: number;
}

export function addConvert(program: Command): void {
  program
    .command("convert")
    .description("write a checkpoint as a directory that this package and transformers load")
    .argument("<path>", "a directory in Hugging Face format, or a weights file")
    .argument("<out>", "the directory to write", outputDirectory)
    .addOption(
      new Option("--dtype <dtype>", "dtype of the weights; default: as stored").choices(
        weightDtypes,
      ),
    )
    .addOption(headsOption())
    .addOption(jsonOption())
    .action(async (path: string, out: string, flags: ConvertFlags) => {
      const dtype = await convert(path, out, flags);
      if (flags.json) printJson({ path: out, dtype });
      else console.log(`Written to ${out} in ${dtype}.`);
    });
}

/** Converts a checkpoint; returns the dtype of the written weights. */
export async function convert(
  path: string,
  out: string,
  { dtype, heads }: ConvertFlags = {},
): Promise<WeightDtype> {
  await requireReplaceable(out, path);
  const backend = openBackend();
  try {
    const onWarning = (message: string): void => console.error(`flava: ${message}`);
    const model = await loadModel(path, backend, { heads, onWarning });
    await saveModel(out, model, dtype && { dtype });
    return dtype ?? model.dtype;
  } finally {
    backend.dispose();
  }
}

/** `flava convert`: a checkpoint of any kind as a directory in Hugging Face's form, in another precision. */
import { type Command, Option } from "commander";
import { load } from "../api/load.js";
import { weightDtypes, type WeightDtype } from "../checkpoint/huggingface-config.js";
import { writeModel } from "../train/write-model.js";

export function addConvert(program: Command): void {
  program
    .command("convert")
    .description("write a checkpoint as a directory that this package and transformers load")
    .argument("<path>", "a directory in Hugging Face's form, or a .safetensors, .bin or .pt file")
    .argument("<out>", "the directory to write")
    .addOption(
      new Option("--dtype <dtype>", "of the weights").choices(weightDtypes).default("bfloat16"),
    )
    .action(async (path: string, out: string, { dtype }: { readonly dtype: WeightDtype }) => {
      const flava = await load(path);
      await writeModel(out, flava.model.state, flava.model.config, dtype);
      await flava.close();
      console.log(`Written to ${out} in ${dtype}.`);
    });
}

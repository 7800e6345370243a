/** `flava export`: writes a model for other engines. */
import { statSync } from "node:fs";
import { type Command, Option } from "commander";
import { formatBytes } from "../backend/available-memory.js";
import { type OnnxDtype, onnxDtypes } from "../export/onnx/dtype.js";
import { type JsonFlag, jsonOption, printJson } from "./json.js";
import { headsOption } from "./model-option.js";
import { outputDirectory } from "./output-path.js";

interface ExportFlags extends JsonFlag {
  readonly model?: string;
  readonly heads?: number;
  readonly dtype: OnnxDtype;
}

export function addExport(program: Command): void {
  program
    .command("export")
    .description(
      "write a model for other engines: ONNX files of its encoders, or of a fine-tuned model, with config.json, image " +
        "processor and tokenizer",
    )
    .argument("<out>", "the directory to write", outputDirectory)
    .option(
      "--model <path>",
      "a directory in Hugging Face format, or a weights file; default: the model that ships",
    )
    .addOption(new Option("--format <format>", "file format").choices(["onnx"]).default("onnx"))
    .addOption(
      new Option(
        "--dtype <dtype>",
        "how the exported models compute; int8: linear layers in 8 bits",
      )
        .choices(onnxDtypes)
        .default("float32"),
    )
    .addOption(headsOption())
    .addOption(jsonOption())
    .action(async (out: string, { model, heads, dtype, json }: ExportFlags) => {
      const { exportModel } = await import("../api/export-model.js"); // much code
      const paths = await exportModel(out, {
        ...(model !== undefined && { model }),
        ...(heads !== undefined && { heads }),
        dtype,
        onWarning: (message) => console.error(`flava: ${message}`),
      });
      const files = paths.map((path) => ({ path, bytes: statSync(path).size }));
      if (json) printJson({ format: "onnx", dtype, files });
      else for (const { path, bytes } of files) console.log(`${path}  ${formatBytes(bytes)}`);
    });
}

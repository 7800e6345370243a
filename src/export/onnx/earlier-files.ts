/** The ONNX files of earlier exports, which a new one replaces or leaves beside its own. */
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { type OnnxDtype, traitsOf } from "./dtype.js";
import { modelNames } from "./exported-models.js";

/** Paths of the ONNX files in a directory: those of exports in `dtype`, whose place a new one takes, and all others. */
export async function earlierFiles(
  directory: string,
  dtype: OnnxDtype,
): Promise<{ readonly replaced: readonly string[]; readonly others: readonly string[] }> {
  const folder = join(directory, "onnx");
  const names = await readdir(folder).catch((): string[] => []);
  const files = names.filter((name) => /\.onnx(_data)?$/.test(name)).sort();
  const ours = modelNames.flatMap((name) => {
    const file = `${name}${traitsOf[dtype].suffix}.onnx`;
    return [file, `${file}_data`];
  });
  const pathsOf = (areOurs: boolean): string[] =>
    files.filter((name) => ours.includes(name) === areOurs).map((name) => join(folder, name));
  return { replaced: pathsOf(true), others: pathsOf(false) };
}

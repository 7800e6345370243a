/** Writes ONNX graphs to files. */
import { type FileHandle, open } from "node:fs/promises";
import { basename } from "node:path";
import { create, toBinary } from "@bufbuild/protobuf";
import {
  ModelProtoSchema,
  StringStringEntryProtoSchema,
  type TensorProto,
  TensorProto_DataLocation as Location,
} from "onnx-buf";
import { packageVersion } from "../../base/package-root.js";
import { replaceFile } from "../../base/replace-file.js";
import { writeAt } from "../../base/write-at.js";
import type { OnnxGraph } from "./graph.js";

/** The version of the file format that came with operator set 20. */
const irVersion = 9n;
const operatorSet = 20n;
/** Tensors smaller than this stay in the model itself: engines read shapes before they load other files. */
const smallest = 1024;

export interface FileOptions {
  /** Facts about the model, such as how its inputs are prepared. */
  readonly metadata?: Readonly<Record<string, string>>;
  /** Bytes of tensors up to which they are in the model's own file, which protobuf limits to 2 GiB. */
  readonly limit?: number;
}

/**
 * Writes a graph to `path`, which appears when it is complete, and before it its tensors to `path` + "_data" if they are too
 * large. Returns the written paths.
 */
export async function writeOnnx(
  path: string,
  graph: OnnxGraph,
  { metadata = {}, limit = 1.9e9 }: FileOptions = {},
): Promise<string[]> {
  const { proto } = graph;
  const bytes = proto.initializer.reduce((sum, { rawData }) => sum + rawData.length, 0);
  const paths = [path];
  if (bytes > limit) {
    paths.push(`${path}_data`);
    await writeExternally(
      `${path}_data`,
      proto.initializer.filter(({ rawData }) => rawData.length >= smallest),
    );
  }
  const model = create(ModelProtoSchema, {
    ...{ irVersion, graph: proto, producerName: "flava", producerVersion: packageVersion() },
    opsetImport: [{ domain: "", version: operatorSet }],
    metadataProps: Object.entries(metadata).map(([key, value]) => entry(key, value)),
  });
  await replaceFile(path, toBinary(ModelProtoSchema, model));
  return paths;
}

/** Moves the elements of tensors to a file, each at a multiple of a page so that engines can map it. */
async function writeExternally(path: string, tensors: readonly TensorProto[]): Promise<void> {
  const page = 4096;
  const file: FileHandle = await open(path, "w");
  try {
    let offset = 0;
    for (const tensor of tensors) {
      const { length } = tensor.rawData;
      await writeAt(file, tensor.rawData, offset);
      tensor.dataLocation = Location.EXTERNAL;
      tensor.externalData = [
        entry("location", basename(path)),
        entry("offset", String(offset)),
        entry("length", String(length)),
      ];
      tensor.rawData = new Uint8Array();
      offset += Math.ceil(length / page) * page;
    }
  } finally {
    await file.close();
  }
}

const entry = (key: string, value: string) => create(StringStringEntryProtoSchema, { key, value });

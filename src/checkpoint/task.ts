/** The task of a fine-tuned model: labels.json says what its head means, head.safetensors has the head's weights. */
import { existsSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { State } from "../backend/state.js";
import { outputCount } from "../data/labeled/labels.js";
import { sameShape } from "../graph/tensor.js";
import type { FlavaConfig } from "../model/config.js";
import { type TaskHead, taskHeadParameters } from "../model/task-head.js";
import { type Task, taskEncoders } from "../model/task.js";
import type { Parameter } from "../nn/parameter.js";
import { readObject } from "./files/read-object.js";
import { openSafetensors, writeSafetensors } from "./files/safetensors.js";
import { CheckpointError } from "./files/stored-tensor.js";
import { headRoot, isOfHead, root, weightPaths } from "./weight-paths.js";

const count = z.int().positive();
const names = z.array(z.string()).nonempty();
const schema: z.ZodType<Task> = z.strictObject({
  encoder: z.enum(taskEncoders),
  labels: z.discriminatedUnion("kind", [
    z.strictObject({ kind: z.literal("class"), names }),
    z.strictObject({ kind: z.literal("scores"), names }),
    z.strictObject({
      kind: z.literal("value"),
      mean: z.number(),
      deviation: z.number().positive(),
    }),
  ]),
  hidden: count.optional(),
  pairs: z.boolean(),
  maximumTokens: count,
  imageSize: count.optional(),
  columns: z.strictObject({
    text: z.string().optional(),
    textPair: z.string().optional(),
    image: z.string().optional(),
    label: z.string().optional(),
  }),
});

const [labelsName, headName] = ["labels.json", "head.safetensors"];

/**
 * Reads the labels.json in a model's directory; undefined if it has none.
 * @throws CheckpointError if it is damaged
 */
export async function readTask(directory: string): Promise<Task | undefined> {
  const path = join(directory, labelsName);
  if (!existsSync(path)) return undefined;
  const parsed = schema.safeParse(await readObject(path));
  if (parsed.success) return parsed.data;
  const faults = parsed.error.issues.map(({ path, message }) => `${path.join(".")}: ${message}`);
  throw new CheckpointError(`${path} does not describe a task. ${faults.join("; ")}`);
}

/** The head's parameters for a model of these sizes. */
export function headParameters(
  config: FlavaConfig,
  { encoder, labels, hidden }: Pick<Task, "encoder" | "labels" | "hidden">,
): TaskHead<Parameter> {
  return taskHeadParameters(config[encoder].width, outputCount(labels), hidden);
}

/**
 * Reads the head in a model's directory into the "parameters/head" of `state`.
 * @throws CheckpointError if the head is missing or of other shapes
 */
export async function loadHead(directory: string, state: State): Promise<void> {
  const path = join(directory, headName);
  if (!existsSync(path)) {
    throw new CheckpointError(`${directory} has a ${labelsName}, but no ${headName}.`);
  }
  const files = await openSafetensors(path);
  try {
    for (const own of weightPaths(state).filter(isOfHead)) {
      const { shape, size } = state.spec(root + own);
      const stored = files.tensors.get(storedName(own));
      if (stored?.dtype !== "float32" || !sameShape(stored.shape, shape)) {
        const found = stored ? `${stored.dtype}[${stored.shape.join(", ")}]` : "missing";
        throw new CheckpointError(
          `${path} does not fit ${labelsName}: ${storedName(own)} is ${found}, but expected float32[${shape.join(", ")}].`,
        );
      }
      const values = new Float32Array(size);
      await stored.read(new Uint8Array(values.buffer));
      state.write(root + own, values);
    }
  } finally {
    await files.close();
  }
}

/** Writes the head of `state` and the description of its task. */
export async function writeTask(directory: string, state: State, task: Task): Promise<void> {
  const paths = weightPaths(state).filter(isOfHead);
  await writeSafetensors(
    join(directory, headName),
    paths.map((path) => ({
      name: storedName(path),
      dtype: "float32",
      shape: state.spec(root + path).shape,
      bytes: async () => {
        const { buffer, byteOffset, byteLength } = await state.read(root + path);
        return new Uint8Array(buffer, byteOffset, byteLength);
      },
    })),
  );
  await writeFile(join(directory, labelsName), `${JSON.stringify(task, undefined, 2)}\n`);
}

/** Such as "output.weight" for "head/output/weight". */
const storedName = (path: string): string => path.slice(headRoot.length).replaceAll("/", ".");

/** State dicts written by `torch.save`: a zip archive of one pickle and its storages, or the older format. */
import { quote } from "../../../base/quote.js";
import { CheckpointError, type TensorFiles } from "../stored-tensor.js";
import { isLegacy, openLegacy } from "./legacy.js";
import { Opaque, unpickle } from "../../../base/pickle.js";
import {
  type StridedTensor,
  isTensor,
  isUnknownTensor,
  storedTensor,
  tensorWorld,
  unknownTensor,
} from "./tensors.js";
import { type Zip, type ZipEntry, openZip } from "./zip.js";

/** Maximum size of a pickle; that of the largest FLAVA has about a megabyte. */
const longestPickle = 16_000_000;

/** Opens a state dict, alone or in a training checkpoint, without executing code; its tensors are read later. */
export async function openPyTorch(path: string): Promise<TensorFiles> {
  const legacy = await isLegacy(path);
  const saved = await (legacy ? openLegacy(path) : openArchive(path));
  try {
    const tensors = [...stateDictIn(path, saved.object)].map(
      ([name, tensor]) =>
        [
          name,
          isTensor(tensor) ? storedTensor(name, tensor) : unknownTensor(name, tensor),
        ] as const,
    );
    const format = legacy ? "PyTorch state dict, old format" : "PyTorch state dict";
    return { format, tensors: new Map(tensors), close: () => saved.close() };
  } catch (error) {
    await saved.close();
    throw error;
  }
}

async function openArchive(
  path: string,
): Promise<{ readonly object: unknown; close(): Promise<void> }> {
  const zip = await openZip(path);
  try {
    return { object: await readObject(path, zip), close: () => zip.close() };
  } catch (error) {
    await zip.close();
    throw error;
  }
}

async function readObject(path: string, zip: Zip): Promise<unknown> {
  const pickles = [...zip.entries].filter(([name]) => /^[^/]+\/data\.pkl$/.test(name));
  const [[name, pickle] = ["", undefined], ...more] = pickles;
  if (!pickle || more.length > 0)
    throw new CheckpointError(`${path} is a zip archive, but not one that PyTorch wrote.`);
  if (pickle.size > longestPickle)
    throw new CheckpointError(
      `${path} has a pickle of ${pickle.size} bytes, more than the limit of ${longestPickle}.`,
    );
  const archive = name.slice(0, -"data.pkl".length);
  await requireLittleEndian(path, zip.entries.get(`${archive}byteorder`));
  const bytes = Buffer.alloc(pickle.size);
  await pickle.readInto(bytes, 0);
  const what = `The pickle of ${path}`;
  const world = tensorWorld(what, (key) => {
    const entry = zip.entries.get(`${archive}data/${key}`);
    if (entry) return entry;
    throw new CheckpointError(
      `${what} refers to the storage ${quote(key)}, which the archive does not have.`,
    );
  });
  return unpickle(world, bytes);
}

async function requireLittleEndian(path: string, entry: ZipEntry | undefined): Promise<void> {
  if (!entry) return; // older files do not state the byte order
  const bytes = Buffer.alloc(Math.min(entry.size, 8));
  await entry.readInto(bytes, 0);
  if (bytes.toString("latin1").trim() !== "little")
    throw new CheckpointError(`${path} is not little-endian.`);
}

/** Keys under which training programs store the state dict; the first is Lightning's. */
const nestedKeys = ["state_dict", "model_state_dict", "model", "module"];

/** Tensors by name, those of unknown kinds included. */
type StateDict = Map<string, StridedTensor | Opaque>;

/** The tensors of a state dict; other entries, such as step counts, are not weights. */
function stateDictIn(path: string, object: unknown): StateDict {
  if (object instanceof Opaque) {
    throw new CheckpointError(
      `${path} holds the Python object ${quote(object.name)}, not a state dict; nothing was executed. ` +
        "If it is a whole module, as DALL-E's are, load it in Python and save its state_dict() instead.",
    );
  }
  const saved: ReadonlyMap<unknown, unknown> = object instanceof Map ? object : new Map();
  const own = tensorsIn(saved);
  for (const key of nestedKeys) {
    const tensors = tensorsIn(saved.get(key));
    if (![...tensors.values()].some(isTensor)) continue;
    // Those beside it, such as the state of a random generator, are no weights: by these names they are told as left out.
    for (const [name, tensor] of own) tensors.set(`${name} (beside ${key})`, tensor);
    return tensors;
  }
  if ([...own.values()].some(isTensor)) return own;
  throw new CheckpointError(
    `${path} holds no state dict: no tensors by name, alone or as ${nestedKeys.map(quote).join(", ")}.`,
  );
}

function tensorsIn(value: unknown): StateDict {
  const tensors: StateDict = new Map();
  if (!(value instanceof Map)) return tensors;
  for (const [name, tensor] of value as Map<unknown, unknown>) {
    if (typeof name === "string" && (isTensor(tensor) || isUnknownTensor(tensor)))
      tensors.set(name, tensor);
  }
  return tensors;
}

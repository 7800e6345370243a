/** UCF101's clips as their middle frames: images that others have made, or frames that ffmpeg decodes. */
import { execFile } from "node:child_process";
import { stat } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import type { ImagePlace } from "../../image-place.js";
import type { LabeledSource } from "../../labeled-source.js";
import { SourceError, reasonOf } from "../source-error.js";
import { classesByName } from "./class-names.js";
import { subfolders } from "./class-folders.js";
import { numberedLinesIn } from "./lines-in.js";

const run = promisify(execFile);
const mostBytes = 1 << 26; // of one frame

interface Clip {
  /** Such as "v_Archery_g01_c01". */
  readonly name: string;
  readonly folder: string;
  readonly label: string;
}

/**
 * The frames of the clips in a list: lines such as "Archery/v_Archery_g01_c01.avi 3". In the folder of its class, a clip is a
 * video, or an image of that name.
 * @throws SourceError if a line names no class; while reading, if ffmpeg is needed but not there
 */
export async function ucf101Frames(
  list: string,
  folder: string,
  classes: readonly string[],
): Promise<LabeledSource> {
  const byFolder = classesByName(classes, await subfolders(folder), folder);
  const spelled = new Map([...byFolder].map(([name, label]) => [plain(name), { name, label }]));
  const clips = (await numberedLinesIn(list)).map(({ text, line }): Clip => {
    const [, category = "", name = ""] = /^([^/]+)\/(.+?)\.avi/.exec(text) ?? [];
    const found = spelled.get(plain(category));
    if (found) return { name, folder: join(folder, found.name), label: found.label };
    throw new SourceError(
      `${list}, line ${line}: ${JSON.stringify(text.slice(0, 80))} is in no folder of ${folder}.`,
    );
  });
  return {
    name: list,
    samples: clips.length,
    async *read(skipped) {
      for (const clip of clips) {
        const image = await frameOf(clip);
        const { name: key, label } = clip;
        if (image) yield { key, image, target: { kind: "class", label } };
        else
          skipped?.add({ key }, "missing", `${clip.folder} has neither ${key}.jpg nor ${key}.avi.`);
      }
    },
  };
}

const plain = (name: string): string => name.toLowerCase().replace(/[^a-z]/g, "");

async function frameOf({ name, folder }: Clip): Promise<ImagePlace | Buffer | undefined> {
  const [image, video] = [join(folder, `${name}.jpg`), join(folder, `${name}.avi`)];
  if (await stat(image).catch(() => undefined)) return { file: image };
  return (await stat(video).catch(() => undefined)) ? middleFrame(video) : undefined;
}

/** The frame in the middle, as PNG. */
async function middleFrame(path: string): Promise<Buffer> {
  try {
    const show = ["-show_entries", "stream=nb_frames", "-of", "csv=p=0"];
    const probe = await run("ffprobe", ["-v", "error", "-select_streams", "v:0", ...show, path]);
    const middle = Math.floor(Number(probe.stdout.trim()) / 2);
    if (!Number.isInteger(middle)) throw new Error("its number of frames is not known");
    const select = ["-vf", `select=eq(n\\,${middle})`, "-frames:v", "1"];
    const target = ["-f", "image2pipe", "-c:v", "png", "-"];
    const decoded = await run("ffmpeg", ["-v", "error", "-i", path, ...select, ...target], {
      encoding: "buffer",
      maxBuffer: mostBytes,
    });
    return decoded.stdout;
  } catch (error) {
    const isAbsent = (error as NodeJS.ErrnoException).code === "ENOENT";
    const advice = isAbsent
      ? "ffmpeg and ffprobe are not installed. Install them, or use CoOp's UCF-101-midframes"
      : reasonOf(error);
    throw new SourceError(`${basename(path)}: the middle frame cannot be decoded: ${advice}.`);
  }
}

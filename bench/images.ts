/** Images per second: decoding and both views, against transformers' FLAVA image processors. */
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import sharp from "sharp";
import { normalAt, foldIn, keyOf } from "../src/base/random.js";
import { median } from "./measure.js";
import { startPython } from "./python.js";
import { type Row, formatRow, judge, rowHeader } from "./report.js";
import { threads } from "./work.js";

const count = 32;
const [width, height] = [640, 480];
const rounds = 7;

/** Wall and processor time of all images once, in seconds. */
type Time = { readonly seconds: number; readonly processor: number };

type Contender = {
  readonly name: string;
  readonly run: () => Promise<Time>;
  readonly close: () => Promise<void>;
};

/** Prints the rows and the breakdown of our time. */
export async function benchImages(): Promise<Row[]> {
  const files = await Promise.all(Array.from({ length: count }, (_, index) => photo(index)));
  const folder = mkdtempSync(join(tmpdir(), "images-"));
  for (const [index, file] of files.entries()) {
    writeFileSync(join(folder, `${String(index).padStart(2, "0")}.jpg`), file);
  }
  const ours = openOurs(files);
  const contenders = [ours, openPeer(folder, "pillow"), openPeer(folder, "tensor")];
  try {
    const [our, ...peers] = await takeTurns(contenders);
    const rows = peers.map((peer, index) => {
      const work = `decode and both views, ${width} x ${height} JPEG, ${contenders[index + 1]!.name}`;
      const speeds = { ours: count / our!.seconds, peer: count / peer.seconds };
      return judge({ work, ...speeds, unit: "images/s" }, { atLeast: 2 });
    });
    console.log([rowHeader, ...rows.map(formatRow)].join("\n"));
    for (const [index, { processor }] of [our!, ...peers].entries()) {
      const each = ((1000 * processor) / count).toFixed(2);
      console.log(`${contenders[index]!.name}: ${each} ms of processor time per image`);
    }
    console.log(await ours.split());
    return rows;
  } finally {
    await Promise.all(contenders.map(({ close }) => close()));
    rmSync(folder, { recursive: true });
  }
}

/** A JPEG like a camera's: smooth parts, an edge, grain. */
export async function photo(index: number): Promise<Buffer> {
  const key = foldIn(keyOf(0), index);
  const pixels = new Uint8ClampedArray(width * height * 3);
  for (let pixel = 0; pixel < width * height; pixel++) {
    const [x, y] = [(pixel % width) / width, Math.floor(pixel / width) / height];
    const grain = 8 * normalAt(key, pixel);
    const light = (x - 0.5) ** 2 + (y - 0.5) ** 2 < 0.004 * (index + 4) ? 90 : 0;
    pixels[pixel * 3] = 200 * x + light + grain;
    pixels[pixel * 3 + 1] = 200 * y + light / 2 + grain;
    pixels[pixel * 3 + 2] = 128 + 60 * Math.sin(index + 9 * x * y) + grain;
  }
  const raw = { width, height, channels: 3 } as const;
  return sharp(new Uint8Array(pixels.buffer), { raw }).jpeg({ quality: 85 }).toBuffer();
}

/** Medians of several turns, so that a slow minute affects all contenders. */
async function takeTurns(contenders: readonly Contender[]): Promise<Time[]> {
  for (const { run } of contenders) await run();
  const times = contenders.map((): Time[] => []);
  for (let round = 0; round < rounds; round++) {
    for (const [index, { run }] of contenders.entries()) times[index]!.push(await run());
  }
  return times.map((turns) => ({
    seconds: median(turns.map(({ seconds }) => seconds)),
    processor: median(turns.map(({ processor }) => processor)),
  }));
}

function openOurs(files: readonly Buffer[]): Contender & { split: () => Promise<string> } {
  const script = new URL("./images-worker.js", import.meta.url);
  const workers = Array.from({ length: threads }, (_, worker) => {
    const part = files.filter((_, index) => index % threads === worker);
    return new Worker(script, { workerData: part.map((file) => new Uint8Array(file)) });
  });
  const ask = async (worker: Worker, request: "views" | "split"): Promise<unknown> => {
    worker.postMessage(request);
    return ((await once(worker, "message")) as unknown[])[0];
  };
  return {
    name: `ours, ${threads} worker threads`,
    run: async () => {
      const start = performance.now();
      const before = process.cpuUsage();
      await Promise.all(workers.map((worker) => ask(worker, "views")));
      const { user, system } = process.cpuUsage(before);
      return { seconds: (performance.now() - start) / 1e3, processor: (user + system) / 1e6 };
    },
    split: async () => {
      const found = (await ask(workers[0]!, "split")) as Record<string, number>;
      const parts = Object.entries(found).map(([step, time]) => `${step} ${time.toFixed(2)} ms`);
      return `ours, one image on one thread: ${parts.join(", ")}`;
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}

function openPeer(folder: string, kind: "pillow" | "tensor"): Contender {
  const python = startPython("images.py", kind, String(threads), folder);
  return {
    name: kind === "pillow" ? "transformers with Pillow" : `transformers, ${threads} torch threads`,
    run: async () => (await python.ask()) as Time,
    close: () => python.close(),
  };
}

/** The server under load, against the library on the same cores: throughput, added latency, and twice what it can do. */
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { load } from "../src/api/load.js";
import { Client, type Answer } from "./serve-client.js";
import { clients, drawn, loadOf, quantile, textOf } from "./serve-load.js";
import { type Running, startServer } from "./serve-process.js";

export interface ServeRow {
  readonly label: string;
  readonly value: string;
  /** What was to be reached, if anything. */
  readonly bar?: string;
  readonly holds: boolean;
}

export interface ServeOptions {
  readonly model?: string | undefined;
  /** How long each load lasts. */
  readonly seconds: number;
  /** How long twice the capacity is offered. */
  readonly overloadSeconds: number;
}

const count = 256;
const textsPerRequest = 32;

/** What is asked for, and how fast the library alone answers. */
interface Offline {
  readonly images: readonly Uint8Array[];
  readonly vectors: readonly Float32Array[];
  readonly imagesPerSecond: number;
  readonly textsPerSecond: number;
  /** Median seconds of one image alone. */
  readonly oneImage: number;
}

const texts = Array.from({ length: 4096 }, (_, index) => textOf(index));

export async function benchServe(options: ServeOptions): Promise<ServeRow[]> {
  const rows: ServeRow[] = [];
  const add = (label: string, value: string, bar?: string, holds = true): void => {
    rows.push({ label, value, holds, ...(bar !== undefined && { bar }) });
    console.log(
      `${label.padEnd(58)} ${value.padStart(14)}  ${bar ?? ""}${holds ? "" : "  MISSED"}`,
    );
  };
  const offline = await measureOffline(options.model);
  add("library, images in batches of 32", perSecond(offline.imagesPerSecond));
  add("library, texts in batches of 32", perSecond(offline.textsPerSecond));
  const server = await startServer(
    ...(options.model === undefined ? [] : ["--model", options.model]),
  );
  try {
    const client = new Client(server.url);
    await warmUp(client, offline);
    const { perSecond: images } = await loadOf(client, options.seconds, (i) =>
      imageBody(offline, i),
    );
    addShare(
      add,
      `server, ${clients} clients, an image each`,
      images,
      offline.imagesPerSecond,
      0.9,
    );
    const many = await loadOf(client, options.seconds, textsBody);
    const perText = many.perSecond * textsPerRequest;
    addShare(
      add,
      `server, ${clients} clients, ${textsPerRequest} texts each`,
      perText,
      offline.textsPerSecond,
      0.9,
    );
    const single = await loadOf(client, options.seconds, (i) => ({ input: textOf(i) }));
    addShare(
      add,
      `server, ${clients} clients, a text each`,
      single.perSecond,
      offline.textsPerSecond,
    );
    const alone = await latency(client, options.seconds, offline);
    const added = 1000 * (alone - offline.oneImage);
    add("p50 added to an image alone", `${added.toFixed(1)} ms`, "<= 10 ms", added <= 10);
    await overload(add, server, client, offline, 2 * images, options.overloadSeconds);
    client.close();
  } finally {
    server.child.kill("SIGTERM");
    await once(server.child, "close");
  }
  add("exit code after SIGTERM", String(server.child.exitCode), "0", server.child.exitCode === 0);
  return rows;
}

type Add = (label: string, value: string, bar?: string, holds?: boolean) => void;

function addShare(add: Add, label: string, rate: number, offline: number, bar?: number): void {
  const share = rate / offline;
  const value = `${perSecond(rate)} = ${share.toFixed(2)}`;
  if (bar === undefined) add(label, value);
  else add(label, value, `>= ${bar.toFixed(2)} of the library`, share >= bar);
}

async function measureOffline(model: string | undefined): Promise<Offline> {
  const images = await Promise.all(Array.from({ length: count }, (_, index) => drawn(index)));
  const flava = await load(model);
  const vectors = await flava.embedImages(images);
  await flava.embedTexts(texts);
  const imagesPerSecond = await rateOf(images.length, () => flava.embedImages(images));
  const textsPerSecond = await rateOf(texts.length, () => flava.embedTexts(texts));
  const times: number[] = [];
  for (const image of images.slice(0, 64)) {
    const start = performance.now();
    await flava.embedImages(image);
    times.push((performance.now() - start) / 1000);
  }
  await flava.close();
  return { images, vectors, imagesPerSecond, textsPerSecond, oneImage: median(times) };
}

/** The best of three runs. */
async function rateOf(items: number, run: () => Promise<unknown>): Promise<number> {
  const rates: number[] = [];
  for (let i = 0; i < 3; i++) {
    const start = performance.now();
    await run();
    rates.push((1000 * items) / (performance.now() - start));
  }
  return Math.max(...rates);
}

const imageBody = ({ images }: Offline, index: number): object => ({
  input: `data:image/png;base64,${Buffer.from(images[index % count]!).toString("base64")}`,
  encoding_format: "base64",
});

const textsBody = (index: number): object => ({
  input: Array.from({ length: textsPerRequest }, (_, i) => textOf((index * 32 + i) % texts.length)),
  encoding_format: "base64",
});

async function warmUp(client: Client, offline: Offline): Promise<void> {
  await loadOf(client, 2, (i) => imageBody(offline, i));
  await loadOf(client, 2, textsBody);
}

/** Median seconds of requests one after another. */
async function latency(client: Client, seconds: number, offline: Offline): Promise<number> {
  const times: number[] = [];
  const end = performance.now() + 1000 * seconds;
  for (let i = 0; performance.now() < end; i++) {
    times.push((await client.send(JSON.stringify(imageBody(offline, i)))).seconds);
  }
  return median(times);
}

/** Offers `rate` requests a second, whatever the server does. */
async function overload(
  add: Add,
  { child }: Running,
  client: Client,
  offline: Offline,
  rate: number,
  seconds: number,
): Promise<void> {
  const bodies = Array.from({ length: count }, (_, i) => JSON.stringify(imageBody(offline, i)));
  const answers = new Map<number | string, number>();
  const refusals: number[] = [];
  let wrong = 0;
  const tally = (what: number | string): void => {
    answers.set(what, (answers.get(what) ?? 0) + 1);
  };
  const fail = ({ code, message }: NodeJS.ErrnoException): void => tally(code ?? message);
  const take = ({ status, seconds: taken, body }: Answer, index: number): void => {
    tally(status);
    if (status === 429) refusals.push(taken);
    if (status === 200 && !isRight(body, offline.vectors[index]!)) wrong++;
  };
  const memory: number[] = [];
  const pending = new Set<Promise<void>>();
  const start = performance.now();
  let sent = 0;
  for (let elapsed = 0; elapsed < seconds; elapsed = (performance.now() - start) / 1000) {
    for (; sent < elapsed * rate && pending.size < 4 * clients * clients; sent++) {
      const index = sent % count;
      const request = client.send(bodies[index]!).then((answer) => take(answer, index), fail);
      pending.add(request);
      void request.finally(() => pending.delete(request));
    }
    if (memory.length <= elapsed) memory.push(residentBytes(child.pid!));
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  await Promise.all(pending);
  const shown = [...answers].map(([status, times]) => `${times} x ${status}`).join(", ");
  add(`${rate.toFixed(0)} requests per second for ${seconds} s`, shown);
  const others = [...answers.keys()].filter((status) => status !== 200 && status !== 429);
  add(
    "answers that differ from the library's, and other errors",
    String(wrong + others.length),
    "0",
    wrong + others.length === 0,
  );
  const p99 = 1000 * quantile(refusals, 0.99);
  add("p99 of a 429", `${p99.toFixed(0)} ms`, "<= 50 ms", p99 <= 50);
  const part = Math.ceil(memory.length / 5);
  const early = Math.max(...memory.slice(part, 2 * part));
  const growth = Math.max(...memory.slice(-part)) / early - 1;
  add(
    "growth of the server's memory from the second fifth on",
    `${(100 * growth).toFixed(1)} %`,
    "<= 5 %",
    growth <= 0.05,
  );
}

function isRight(body: string, expected: Float32Array): boolean {
  const { data } = JSON.parse(body) as { readonly data: readonly { readonly embedding: string }[] };
  const bytes = Uint8Array.from(Buffer.from(data[0]!.embedding, "base64"));
  const vector = new Float32Array(bytes.buffer);
  return expected.every((value, i) => Math.abs(value - vector[i]!) < 1e-5);
}

/** Resident memory, of Linux alone. */
function residentBytes(pid: number): number {
  const [, kilobytes] = /^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8")) ?? [];
  return 1024 * Number(kilobytes);
}

const perSecond = (rate: number): string => `${rate.toFixed(0)}/s`;
const median = (values: readonly number[]): number => quantile(values, 0.5);

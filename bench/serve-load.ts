/** Clients that keep a server busy, and what they send. */
import sharp from "sharp";
import type { Client } from "./serve-client.js";

export const clients = 64;
/** Bodies that are sent in turn. */
const bodies = 256;

export interface Load {
  /** Requests. */
  readonly perSecond: number;
  /** Seconds of the slowest in a hundred requests. */
  readonly p99: number;
}

/** What clients get that each send one request after another. */
export async function loadOf(
  client: Pick<Client, "send">,
  seconds: number,
  body: (i: number) => object,
  path?: string,
): Promise<Load> {
  const sent = Array.from({ length: bodies }, (_, i) => JSON.stringify(body(i)));
  const start = performance.now();
  const end = start + 1000 * seconds;
  const times: number[] = [];
  let next = 0;
  const one = async (): Promise<void> => {
    while (performance.now() < end) {
      const answer = await client.send(sent[next++ % bodies]!, path);
      if (answer.status !== 200)
        throw new Error(`The server answered ${answer.status}: ${answer.body}`);
      times.push(answer.seconds);
    }
  };
  await Promise.all(Array.from({ length: clients }, one));
  return {
    perSecond: (1000 * times.length) / (performance.now() - start),
    p99: quantile(times, 0.99),
  };
}

export function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}

export const textOf = (index: number): string =>
  `an icon of thing ${index}${" in a row".repeat(index % 5)}`;

/** An image that differs from all others. */
export async function drawn(index: number): Promise<Uint8Array> {
  const color = `hsl(${index * 7}, 70%, 50%)`;
  const svg =
    '<svg xmlns="http://www.w3.org/2000/svg" width="128" height="128"><rect width="128" height="128" fill="white"/>' +
    `<circle cx="${20 + (index % 90)}" cy="${20 + ((index * 13) % 90)}" r="${8 + (index % 30)}" fill="${color}"/></svg>`;
  return new Uint8Array(await sharp(Buffer.from(svg)).png().toBuffer());
}

/**
 * `flava serve` beside infinity, which serves CLIP: the same clients, images and texts, and a CLIP with random weights and the
 * sizes of the model that ships. Before it is measured, infinity is installed and started by hand:
 *   python3 -m venv FOLDER && FOLDER/bin/pip install "infinity-emb[server,torch,vision]" aiohttp
 *   FOLDER/bin/python bench/peers/clip_model.py FOLDER/clip vocabulary/vocab.txt
 *   FOLDER/bin/infinity_emb v2 --model-id FOLDER/clip --served-model-name clip --engine torch --device cpu --no-bettertransformer --host 127.0.0.1 --port 7997
 */
import { Client } from "./serve-client.js";
import { type Load, clients, drawn, loadOf, textOf } from "./serve-load.js";
import { startServer } from "./serve-process.js";
import { type Row, formatRow, judge, rowHeader } from "./report.js";

const rounds = 3;
const textsPerRequest = 32;
const least = 2;

interface Kind {
  readonly name: string;
  readonly ours: (i: number) => object;
  readonly peer: (i: number) => object;
}

/** The loads, each with what both servers are sent. */
async function kindsOfLoad(): Promise<readonly Kind[]> {
  const files = await Promise.all(Array.from({ length: 256 }, (_, index) => drawn(index)));
  const image = (i: number): string =>
    `data:image/png;base64,${Buffer.from(files[i % files.length]!).toString("base64")}`;
  const texts = (i: number): string[] =>
    Array.from({ length: textsPerRequest }, (_, text) => textOf(i * textsPerRequest + text));
  return [
    {
      name: "an image each",
      ours: (i) => ({ input: image(i) }),
      peer: (i) => ({ model: "clip", input: [image(i)], modality: "image" }),
    },
    {
      name: "a text each",
      ours: (i) => ({ input: textOf(i) }),
      peer: (i) => ({ model: "clip", input: [textOf(i)] }),
    },
    {
      name: `${textsPerRequest} texts each`,
      ours: (i) => ({ input: texts(i) }),
      peer: (i) => ({ model: "clip", input: texts(i) }),
    },
  ];
}

/**
 * @param url of infinity
 * @param seconds of each load; the sides take turns, and the best of three rounds counts
 */
export async function benchServePeer(url: string, seconds: number): Promise<Row[]> {
  const kinds = await kindsOfLoad();
  const server = await startServer();
  const [ours, peer] = [new Client(server.url), new Client(url)];
  const rows: Row[] = [];
  console.log(rowHeader);
  try {
    for (const { name, ...bodies } of kinds) {
      const [own, others]: [Load[], Load[]] = [[], []];
      for (let round = 0; round < rounds; round++) {
        own.push(await loadOf(ours, seconds, bodies.ours));
        others.push(await loadOf(peer, seconds, bodies.peer, "/embeddings"));
      }
      const some = judged(`${clients} clients, ${name}`, bestOf(own), bestOf(others));
      for (const row of some) console.log(formatRow(row));
      rows.push(...some);
    }
  } finally {
    for (const client of [ours, peer]) client.close();
    server.child.kill("SIGTERM");
  }
  return rows;
}

const bestOf = (loads: readonly Load[]): Load =>
  loads.reduce((a, b) => (a.perSecond >= b.perSecond ? a : b));

const judged = (work: string, ours: Load, peer: Load): readonly Row[] => [
  judge(
    { work, ours: ours.perSecond, peer: peer.perSecond, unit: "requests/s" },
    { atLeast: least },
  ),
  judge(
    { work: `${work}, p99`, ours: 1000 * ours.p99, peer: 1000 * peer.p99, unit: "ms" },
    { atMost: 1 / least },
  ),
];

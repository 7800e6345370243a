/** Several processes answer as one server, whatever happens to one of them. */
import { once } from "node:events";
import { rename } from "node:fs/promises";
import { type IncomingMessage, request } from "node:http";
import { join } from "node:path";
import { json, text } from "node:stream/consumers";
import { beforeAll, expect, it, onTestFinished, vi } from "vitest";
import { temporaryDirectory } from "../../../test/golden/temporary-directory.js";
import { writeCheckpoint } from "../../../test/small-checkpoint.js";
import { ServerProcesses, type ServerProcessesOptions } from "./server-processes.js";

const script = join(import.meta.dirname, "..", "..", "..", "test", "answering-process.mjs");
const model = join(temporaryDirectory(), "small");
beforeAll(() => writeCheckpoint(model));

async function start(options: Partial<ServerProcessesOptions>) {
  const onWarning = (): void => undefined;
  const given = { processes: 2, script, port: 0, restartDelay: 1, onWarning, given: { model } };
  const server = await ServerProcesses.start({ ...given, ...options });
  onTestFinished(() => server.close());
  return server;
}

/** Answers a request on a connection of its own. */
async function send({ url }: ServerProcesses, path: string, body?: object) {
  const method = body ? "POST" : "GET";
  const headers = body && { "content-type": "application/json" };
  const sent = request(`${url}${path}`, { method, agent: false, ...(headers && { headers }) });
  sent.end(body && JSON.stringify(body));
  const [answer] = (await once(sent, "response")) as [IncomingMessage];
  return answer;
}

const get = async (server: ServerProcesses, path: string) => json(await send(server, path));
const readiness = async (server: ServerProcesses) => {
  const answer = await send(server, "/ready");
  return [answer.statusCode, await json(answer)] as const;
};
const embed = async (server: ServerProcesses, input: string) => {
  const answer = await send(server, "/v1/embeddings", { input });
  return [answer.statusCode, await text(answer)] as const;
};

/** What each process says of itself, in the order of their numbers. */
async function processesOf(server: ServerProcesses): Promise<{ pid: number; loads: number }[]> {
  const found = new Map<number, { pid: number; loads: number }>();
  const answers = await Promise.all(Array.from({ length: 8 }, () => get(server, "/process")));
  for (const one of answers as { pid: number; loads: number }[]) found.set(one.pid, one);
  return [...found.values()].sort((a, b) => a.pid - b.pid);
}

const countOf = async (server: ServerProcesses): Promise<number> => {
  const metrics = await text(await send(server, "/metrics"));
  return Number(
    /^flava_requests_total\{path="\/v1\/embeddings",status="200"\} (\d+)/m.exec(metrics)?.[1],
  );
};

it("shares requests and replaces a process that is killed; all load models again and finish what they have", async () => {
  const warnings: string[] = [];
  const server = await start({ onWarning: (message) => warnings.push(message) });
  const before = await processesOf(server);
  expect(before).toHaveLength(2);
  const expected = await embed(server, "a heart");
  expect(await countOf(server)).toBe(1);
  const [killed] = before;

  // Stopped, it is given connections, but cannot take them: they go to the other one once it is killed.
  process.kill(killed!.pid, "SIGSTOP");
  const waiting = Array.from({ length: 4 }, () => embed(server, "a heart"));
  await Promise.race(waiting);
  process.kill(killed!.pid, "SIGKILL");
  expect(await Promise.all(waiting)).toEqual(Array(4).fill(expected));

  expect(await readiness(server)).toEqual([
    503,
    { status: "replacing", processes: { ready: 1, of: 2 } },
  ]);
  await vi.waitFor(
    async () =>
      expect(await readiness(server)).toEqual([
        200,
        { status: "ready", processes: { ready: 2, of: 2 } },
      ]),
    { timeout: 40_000 },
  );
  const after = await processesOf(server);
  expect(after).toHaveLength(2);
  expect(after).not.toContainEqual(killed);
  expect(warnings).toEqual(["process 1 of 2 was killed by SIGKILL; another one takes its place"]);
  expect(await countOf(server)).toBe(5);

  await server.reload();
  expect((await processesOf(server)).map(({ loads }) => loads)).toEqual([2, 2]);
  await rename(model, `${model}-moved`);
  await expect(server.reload()).rejects.toThrow("small");
  await rename(`${model}-moved`, model);
  const last = Array.from({ length: 6 }, (_, i) => embed(server, `text ${i}`));
  await Promise.race(last);
  await server.close();
  // Each is answered: those that had not been read yet, that the server is stopping.
  for (const [status] of await Promise.all(last)) expect([200, 503]).toContain(status);
  await expect(embed(server, "late")).rejects.toThrow("ECONNREFUSED");
});

it("says why processes cannot start, and gives up on those that end again and again", async () => {
  await expect(start({ given: { fault: "no such model" } })).rejects.toThrow("no such model");
  const server = await start({ processes: 1, given: { lifetime: 0 } });
  await expect(server.failed).rejects.toThrow(
    "gives up: process 1 of 1 ended 8 times in a row, each within 10 seconds; the last one ended with exit code 3",
  );
  await expect(embed(server, "late")).rejects.toThrow("ECONNREFUSED");
});

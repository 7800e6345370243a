/** What the processes of the tests of `ServerProcesses` run: a server that says which process answers. */
import process from "node:process";
import { setTimeout } from "node:timers";
import { answerConnections } from "../dist/src/serve/processes/answer-connections.js";

answerConnections(async (given, group) => {
  if (given.fault !== undefined) throw new Error(given.fault);
  if (given.lifetime !== undefined) {
    setTimeout(() => process.exit(3), given.lifetime);
    return { close: () => Promise.resolve() };
  }
  const { load } = await import("../dist/src/api/load.js");
  const { createServer } = await import("../dist/src/serve/server.js");
  let loads = 0;
  return createServer({
    models: {
      small: () => load(given.model, { backend: { name: "reference" } }).finally(() => loads++),
    },
    extend: (app) => app.get("/process", (context) => context.json({ pid: process.pid, loads })),
    group,
  });
});

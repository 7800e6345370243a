import type { Server } from "../server.js";
import { Channel } from "./channel.js";
import type { ProcessCounts, ServerGroup } from "./server-group.js";

/**
 * What the script of a `ServerProcesses` calls: makes a server, and answers on the connections that the parent accepts, until
 * the parent ends or says that it is enough; then finishes what it has and exits.
 *
 * @param open makes the server of what the parent gives; `group` is its option of that name
 */
export function answerConnections(
  open: (given: unknown, group: ServerGroup) => Promise<Server>,
): void {
  if (process.send === undefined) {
    throw new Error("This script is started by ServerProcesses, and not by itself.");
  }
  // A terminal and supervisors send them to all processes; what they mean is up to the parent.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => undefined);
  let server: Server | undefined;
  const parent = new Channel(process, {
    start: async (given) => {
      server = await open(given, group);
    },
    connection: (_, socket) => {
      const close = (): void => {
        parent.ask("closed").catch(() => undefined); // a parent that has gone need not know
      };
      socket?.once("close", close);
      if (socket) server!.accept(socket);
      else close(); // the client has gone
    },
    metrics: () => server!.metrics(),
    reload: () => server!.reload(),
  });
  const group: ServerGroup = {
    metrics: () => parent.ask<string>("metrics"),
    processes: () => parent.ask<ProcessCounts>("processes"),
  };
  process.once("disconnect", () => {
    void (server?.close() ?? Promise.resolve()).finally(() => process.exit());
  });
}

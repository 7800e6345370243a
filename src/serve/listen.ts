import { once } from "node:events";
import type { AddressInfo, Server } from "node:net";

/** Where a server listens. */
export interface ListenOptions {
  /** Default: 8000; 0 for any that is free. */
  readonly port?: number;
  /** Default: "127.0.0.1", which only this machine reaches. */
  readonly host?: string;
}

/**
 * Starts to listen; returns the URL.
 * @throws Error if the address is not this machine's or the port cannot be had
 */
export async function listen(
  server: Pick<Server, "listen" | "address" | "on" | "off" | "once">,
  { port = 8000, host = "127.0.0.1" }: ListenOptions,
): Promise<string> {
  server.listen(port, host);
  await once(server as Server, "listening").catch((error: unknown) => {
    throw new Error(reasonOf(error as NodeJS.ErrnoException, port, host), { cause: error });
  });
  const { family, address, port: given } = server.address() as AddressInfo;
  return `http://${family === "IPv6" ? `[${address}]` : address}:${given}`;
}

function reasonOf({ code, message }: NodeJS.ErrnoException, port: number, host: string): string {
  const place = `port ${port} of ${host}`;
  if (code === "EADDRINUSE") {
    return `Another program listens on ${place}. Choose another port; 0 takes any that is free.`;
  }
  if (code === "EACCES") return `This user may not listen on ${place}. Choose a port above 1023.`;
  return `The server cannot listen on ${place}: ${message}.`;
}

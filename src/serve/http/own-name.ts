/** Keeps pages of other origins out that reach the server by a name of their own: DNS rebinding. */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { hostname } from "node:os";
import type { MiddlewareHandler } from "hono";
import { ApiError } from "./api-error.js";

/**
 * Refuses what comes to a loopback address and asks for a host of another name: whoever owns a name can let it mean 127.0.0.1,
 * and browsers then take this server's answers for those of the owner's page.
 *
 * @param names those that may be asked for besides addresses, localhost, names without dots and that of this machine
 */
export function requireOwnName(names: readonly string[]): MiddlewareHandler {
  const own = new Set([...names, hostname()].map((name) => name.toLowerCase()));
  return async ({ env }, next) => {
    const { incoming } = (env ?? {}) as { readonly incoming?: IncomingMessage };
    if (incoming && isLoopback(incoming.socket.localAddress)) {
      const host = hostOf(incoming.headers.host ?? "");
      if (!isLocal(host) && !own.has(host)) throw misdirected(host.slice(0, 100));
    }
    await next();
  };
}

const isLoopback = (address = ""): boolean => /^(::ffff:)?127\.|^::1$/.test(address);

/** Without port and final dot. */
const hostOf = (header: string): string =>
  header
    .toLowerCase()
    .replace(/:\d*$/, "")
    .replace(/^\[|\]$|\.$/g, "");

/** Whether it is nothing that could be registered. */
const isLocal = (host: string): boolean =>
  !host.includes(".") || host.endsWith(".localhost") || isIP(host) !== 0;

const misdirected = (host: string): ApiError =>
  new ApiError(
    421,
    `This server does not answer to the name ${host}, which could be that of somebody's web page. If it is yours, start the ` +
      `server with --host-name ${host}, or ask for API keys.`,
    { code: "unknown_host" },
  );

import { serveStatic } from "@hono/node-server/serve-static";
import { secureHeaders } from "hono/secure-headers";
import type { ServerApp } from "./http/app.js";
import { isolationHeaders } from "./isolation-headers.js";

/** Allows nothing that does not come from this server; images that were chosen on a page are data: or blob: URLs. */
const contentSecurityPolicy = {
  defaultSrc: ["'self'"],
  scriptSrc: ["'self'", "'wasm-unsafe-eval'"], // compiles the kernels in WebAssembly, and no script
  imgSrc: ["'self'", "data:", "blob:"],
  objectSrc: ["'none'"],
  baseUri: ["'none'"],
  formAction: ["'none'"],
  frameAncestors: ["'none'"],
};

/** Serves the built web app from a directory at /. Its pages are cross-origin isolated. */
export function addWebApp(app: ServerApp, directory: string): void {
  app.use(
    "*",
    secureHeaders({
      contentSecurityPolicy,
      crossOriginOpenerPolicy: isolationHeaders["Cross-Origin-Opener-Policy"],
      crossOriginEmbedderPolicy: isolationHeaders["Cross-Origin-Embedder-Policy"],
      strictTransportSecurity: false,
    }),
  );
  app.use(
    "*",
    serveStatic({
      root: directory,
      onFound: (path, context) => {
        // The names of assets change with their content.
        const cached = path.includes("/assets/") ? "max-age=31536000, immutable" : "no-cache";
        context.header("cache-control", cached);
      },
    }),
  );
}

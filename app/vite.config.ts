import { join } from "node:path";
import { defineConfig } from "vite";
import { isolationHeaders } from "../src/serve/isolation-headers.js";

const page = (name: string): string => join(import.meta.dirname, name);

/**
 * Builds the pages of flava serve (index.html) and those of a static site (static.html), with one style sheet and the workers
 * that compute in the tab; a strict Content-Security-Policy allows them: nothing inline, no other hosts.
 */
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  build: {
    outDir: "../dist/app",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: false,
    rolldownOptions: {
      checks: { bundlerTimings: false },
      // flava app leaves out the script of this name
      input: { server: page("index.html"), static: page("static.html") },
    },
    license: { fileName: "licenses.md" },
  },
  worker: { format: "es" },
  // npx vite app: pages that reload while they are edited, with the data of a running flava serve
  server: {
    proxy: { "/v1": "http://127.0.0.1:8000", "/model": "http://127.0.0.1:8000" },
    headers: isolationHeaders,
  },
});

import { defineConfig } from "vite";

/** Builds one script, one style sheet and the worker that trains; a strict Content-Security-Policy allows them: nothing inline, no other hosts. */
export default defineConfig({
  root: import.meta.dirname,
  base: "./",
  build: {
    outDir: "../dist/app",
    emptyOutDir: true,
    assetsInlineLimit: 0,
    cssCodeSplit: false,
    modulePreload: false,
    license: { fileName: "licenses.md" },
  },
  worker: { format: "es" },
  // npx vite app: pages that reload while they are edited, with the data of a running flava serve
  server: { proxy: { "/v1": "http://127.0.0.1:8000" } },
});

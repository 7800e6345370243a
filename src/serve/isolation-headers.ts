/** With these headers a page is cross-origin isolated. Only then do its workers share memory, and kernels have several threads. */
export const isolationHeaders = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
} as const;

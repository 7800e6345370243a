import { describe, expect, inject, it } from "vitest";
import manifest from "../../package.json" with { type: "json" };

const { files, size, unpackedSize } = inject("packed");
const paths = files.map(({ path }) => path);

describe("the packed package", () => {
  it("holds what package.json names, and the licenses", () => {
    const named = [
      manifest.exports["."].types,
      manifest.exports["."].default,
      manifest.bin.flava,
      manifest.imports["#loader-worker"],
      "dist/app/index.html",
      "native/build.mjs",
      "vocabulary/vocab.txt",
      "models/mini/model.safetensors",
      "LICENSE",
      "samples/mini-pmd/LICENSES.md",
    ];
    expect(paths).toEqual(expect.arrayContaining(named.map((path) => path.replace("./", ""))));
  });

  it("holds no other files", () => {
    const expected = [
      /^(LICENSE|README\.md|package\.json)$/,
      /^dist\/(src|datasets)\/.*\.(js|d\.ts|js\.map|json)$/,
      /^dist\/app\/(assets\/.*\.(js|css|wasm|txt)|examples\/.*\.webp|(index|static)\.html|icon\.svg|licenses\.md)$/,
      /^native\/(gemm\/|kernels\/|node\/|runtime\/|simd\/)?[\w-]+\.(cpp|h)$|^native\/build(-mpi)?\.mjs$/,
      /^native\/(mpi\/mpi\.cpp|wasm\/flava\.wasm)$/,
      /^(vocabulary|models\/mini|samples)\//,
    ];
    expect(paths.filter((path) => !expected.some((pattern) => pattern.test(path)))).toEqual([]);
    expect(paths.filter((path) => /\.test\.|\.native\./.test(path))).toEqual([]);
  });

  it("takes at most 45 MB, 70 MB unpacked", () => {
    console.log(`${files.length} files, ${size} bytes packed, ${unpackedSize} unpacked`);
    expect(size).toBeLessThan(45e6);
    expect(unpackedSize).toBeLessThan(70e6);
  });
});

import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { temporaryDirectory } from "../../test/golden/temporary-directory.js";
import { type Addon, loadAddon } from "./addon.js";
import { fastestOf, levelSpeeds } from "./level-speeds.js";
import { nativeLevels } from "./native.js";

const directory = temporaryDirectory();
const speeds = (speed: number, bfloat16 = speed) => ({ float32: speed, bfloat16, int8: speed });

describe("the fastest level", () => {
  it("is the one with the highest speeds over all precisions", () => {
    expect(fastestOf({ avx2: speeds(10), avx512: speeds(20), avx512bf16: speeds(20, 60) })).toBe(
      "avx512bf16",
    );
    expect(fastestOf({ avx512: speeds(20), avx512bf16: speeds(20, 12) })).toBe("avx512");
  });

  it("is the highest where a lower one leads by the noise of measurements only", () => {
    expect(fastestOf({ avx2: speeds(10.5), avx512: speeds(10) })).toBe("avx512");
    expect(fastestOf({ avx2: speeds(11.5), avx512: speeds(10) })).toBe("avx2");
  });
});

describe.runIf(nativeLevels().length > 0)("the speeds of levels", () => {
  const addon = loadAddon() as Addon;
  const levels = nativeLevels();
  const kept = (): string => {
    const [name, ...others] = readdirSync(join(directory, "levels"));
    expect(others).toEqual([]);
    return join(directory, "levels", name!);
  };

  it("are measured once and kept", () => {
    const first = levelSpeeds(addon, directory);
    expect(Object.keys(first.levels)).toEqual(levels);
    for (const speed of Object.values(first.levels).flatMap((of) => Object.values(of))) {
      expect(speed).toBeGreaterThan(0.1);
      expect(speed).toBeLessThan(1e5);
    }
    expect(first.path).toBe(kept());
    const text = readFileSync(first.path, "utf8");
    writeFileSync(first.path, text.replace(/"fastest": ".*"/, '"fastest": "portable"'));
    expect(levelSpeeds(addon, directory)).toEqual({ ...first, fastest: "portable" });
  });

  it.each([
    ["damaged", "{"],
    ["for another machine", '{"processor":"p","levels":{},"fastest":"amx9","date":""}'],
  ])("are measured again if their file is %s", (_, content) => {
    writeFileSync(kept(), content);
    const { levels: found, path } = levelSpeeds(addon, directory);
    expect(Object.keys(found)).toEqual(levels);
    expect(JSON.parse(readFileSync(path, "utf8"))).toMatchObject({ levels: found });
  });

  it("do without a cache folder that cannot be written", () => {
    const blocked = join(directory, "file");
    writeFileSync(blocked, "");
    expect(Object.keys(levelSpeeds(addon, blocked).levels)).toEqual(levels);
  });
});

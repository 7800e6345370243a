/** The commands of docs/own-data.md, on a few images and with a few steps. */
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, it } from "vitest";
import { nativeLevels } from "../src/backend/native.js";
import { openSource } from "../src/data/formats/open.js";
import { program } from "./build.js";
import { temporaryDirectory } from "./golden/temporary-directory.js";
import { writeShapes } from "./shapes.js";

const folder = temporaryDirectory();
const page = readFileSync(join(import.meta.dirname, "..", "docs", "own-data.md"), "utf8");
const commands = /^```sh\n(.*?)^```/ms.exec(page)![1]!.trim().split("\n");
/** Shortens training. */
const short = "stages.joint.steps=2 stages.joint.rate.warmup=1 stages.joint.batch.pair=4";

beforeAll(async () => {
  await writeShapes(join(folder, "shapes"));
  mkdirSync(join(folder, "photos"));
  const lines = ["image,caption"];
  const source = await openSource(join(folder, "shapes", "pairs", "shapes", "train"));
  for await (const { key, image, texts } of source.read()) {
    writeFileSync(join(folder, "photos", `${key}.png`), image!);
    lines.push(`photos/${key}.png,${texts[0]}`);
  }
  writeFileSync(join(folder, "captions.csv"), lines.join("\n"));
});

// Plain TypeScript would take many minutes.
describe.runIf(nativeLevels().length > 0)("docs/own-data.md", () => {
  it("shows commands that run as they stand", { timeout: 300_000 }, () => {
    expect(commands.length).toBeGreaterThan(5);
    for (const command of commands) {
      const isTraining = command.includes("--out run ");
      const line = command.replace(/ +#.*$/, "").replace("npx flava", '"$NODE" "$FLAVA"');
      const { status, stderr } = spawnSync("sh", ["-c", isTraining ? `${line} ${short}` : line], {
        cwd: folder,
        env: { ...process.env, NODE: process.execPath, FLAVA: program },
        encoding: "utf8",
      });
      expect({ command, status, stderr }).toMatchObject({ command, status: 0 });
    }
  });
});

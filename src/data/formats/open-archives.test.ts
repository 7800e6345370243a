import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { bytesAt } from "./read-place.js";
import { OpenArchives } from "./open-archives.js";

const folder = mkdtempSync(join(tmpdir(), "archives-"));
afterAll(() => rmSync(folder, { recursive: true }));

it("reads parts of more archives than stay open, and of one that was missing at first", async () => {
  const archives = new OpenArchives();
  const files = Array.from({ length: 150 }, (_, number) => join(folder, `${number}.tar`));
  for (const [number, file] of files.entries()) writeFileSync(file, `before ${number} after`);
  const read = async (file: string, bytes: number): Promise<string> =>
    (await bytesAt({ file, range: { start: 7, bytes } }, archives)).toString();
  for (let round = 0; round < 2; round++)
    for (const [number, file] of files.entries())
      expect(await read(file, String(number).length)).toBe(String(number));
  const late = join(folder, "late.tar");
  await expect(read(late, 1)).rejects.toThrow("no such file");
  writeFileSync(late, "before 1");
  expect(await read(late, 1)).toBe("1");
  await expect(read(late, 2)).rejects.toThrow("it has become shorter");
  archives.close();
});

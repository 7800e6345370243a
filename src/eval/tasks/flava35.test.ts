/** The descriptions as a whole: they agree with the paper's averages, and docs/tasks.md with them. */
import { format, resolveConfig } from "prettier";
import { describe, expect, it } from "vitest";
import { mean } from "../metrics.js";
import { flava35 } from "./flava35.js";
import { paperColumns } from "./paper.js";
import { splitsOf } from "./open-task.js";
import type { Family } from "./task.js";
import { tasksDocument } from "../../../test/tasks-document.js";

describe("the 35 tasks", () => {
  it("are 8, 22 and 5, with names of their own", () => {
    const count = (family: Family): number =>
      flava35.filter((task) => task.family === family).length;
    expect([count("language"), count("vision"), count("multimodal")]).toEqual([8, 22, 5]);
    const names = flava35.flatMap(({ name, folders = [] }) => [name, ...new Set(folders)]);
    const shared = names.filter((name, index) => names.indexOf(name) !== index);
    expect(new Set(shared)).toEqual(new Set(["glue", "GLUE"]));
  });

  // The averages that Table 4 prints (flava.md 7.2).
  it.each([
    ["language", [null, 71.55, 64.8, 74.22, 75.55, 78.19, 46.44, 50.5]],
    ["vision", [57.46, null, 79.14, 79.35, 78.29, 79.44, 76.12, 82.57]],
    ["multimodal", [null, null, 66.25, 69.11, 67.32, 69.92, 62.02, 67.29]],
  ] as const)(
    "have the paper's numbers: their averages for %s are the printed ones",
    (family, averages) => {
      const rows = flava35.filter((task) => task.family === family).flatMap(({ paper }) => paper);
      for (const [column, average] of averages.entries()) {
        const values = rows.map(({ values }) => values[column]);
        if (average === null) expect(new Set(values)).toEqual(new Set([null]));
        else expect(Math.abs(mean(values as number[]) - average)).toBeLessThan(0.0101);
      }
    },
  );

  it.each(flava35.map((task) => [task.name, task] as const))(
    "%s has the parts of its protocols",
    (_, task) => {
      const [official] = task.layouts;
      for (const protocol of Object.keys(task.protocols)) {
        const { train, validation = [], test } = splitsOf(task, protocol);
        const parts = Object.keys(official!.parts);
        expect(parts).toEqual(expect.arrayContaining([...train.flat(), ...validation, ...test]));
      }
      for (const { values } of task.paper) expect(values).toHaveLength(paperColumns.length);
      if (task.kind === "zero-shot retrieval") return;
      expect(new Set(task.classes).size).toBe(task.classes.length);
      for (const template of task.templates ?? []) expect(template).toContain("{}");
    },
  );

  it("have their numbers of classes", () => {
    const counts = flava35.flatMap((task) =>
      task.kind === "linear probe" ? [task.classes.length] : [],
    );
    expect(counts).toEqual([
      ...[1000, 101, 10, 100, 196, 100, 47, 37, 102, 102, 10],
      ...[10, 10, 43, 4, 2, 101, 8, 7, 397, 2, 211],
    ]);
  });
});

it("docs/tasks.md describes them; npx vitest run flava35 -u writes it anew", async () => {
  const file = new URL("../../../docs/tasks.md", import.meta.url).pathname;
  const settings = { ...(await resolveConfig(file)), parser: "markdown" };
  await expect(await format(tasksDocument(flava35), settings)).toMatchFileSnapshot(file);
});

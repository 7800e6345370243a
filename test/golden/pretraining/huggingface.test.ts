/** FLAVA against Hugging Face's implementation, whose results ../make.py kept. */
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../../../src/backend/backend.js";
import { openBackend } from "../../../src/backend/open.js";
import { compare, expectedOf, readFixture } from "./fixture.js";
import { type GoldenState, goldenState, runCase } from "./run-case.js";

const fixtures = {
  tiny: await readFixture("tiny"),
  small: await readFixture("small"),
  base: await readFixture("base"),
};

for (const name of ["reference", "native"] as const)
for (const [model, fixture] of Object.entries(fixtures)) {
  if (name==="reference" && model==="base") continue;
  describe(`${model} ${name}`, () => {
    let backend: Backend, state: GoldenState;
    beforeAll(() => {
      backend = openBackend({ name, threads: 2 });
      state = goldenState(fixture, backend);
    });
    afterAll(() => { state.dispose(); backend.dispose(); });
    it.each(fixture.cases.map((c) => [c.name, c] as const))("%s", async (caseName, golden) => {
      const actual = await runCase(fixture, golden, state);
      const d = compare(fixture, expectedOf(fixture, caseName), actual).toSorted((a,b)=>b.largest-a.largest);
      console.log(model, name, caseName, d.length, d.slice(0,4).map(x=>`${x.name} ${x.largest.toExponential(1)}`).join(", "));
      expect(d.filter(({ largest }) => largest > 1e-4).slice(0,10)).toEqual([]);
    });
  });
}
